namespace Lab.Settings;

/// <summary>Finding what the user meant by a name.</summary>
public static class Names
{
    /// <exception cref="UsageException">No such name; the message lists the names and the nearest one.</exception>
    public static T Find<T>(string kind, string wanted, IReadOnlyList<T> all, Func<T, string> nameOf)
    {
        foreach (T one in all) if (nameOf(one) == wanted) return one;
        string list = string.Join(", ", all.Select(nameOf));
        string? nearest = Nearest(wanted, all.Select(nameOf));
        string hint = nearest is null ? "" : $" Did you mean '{nearest}'?";
        throw new UsageException($"There is no {kind} '{wanted}'.{hint} There are: {list}.");
    }

    /// <summary>The value of an option that takes one of a few words.</summary>
    /// <exception cref="UsageException">None of the words.</exception>
    public static T Choice<T>(string option, string text, params (string Name, T Value)[] choices) =>
        Find($"{option} value", text, choices, choice => choice.Name).Value;

    /// <summary>The items of a comma-separated list.</summary>
    /// <exception cref="UsageException">There are none.</exception>
    public static string[] Items(string option, string text)
    {
        string[] items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return items.Length > 0 ? items : throw new UsageException($"{option} is empty; name at least one, or 'all'.");
    }

    /// <summary>The name with the fewest edits between, if they are few enough to be a slip.</summary>
    public static string? Nearest(string wanted, IEnumerable<string> names)
    {
        (string Name, int Distance) best = names
            .Select(name => (name, Distance: Distance(wanted, name)))
            .OrderBy(pair => pair.Distance)
            .FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(2, wanted.Length / 2) ? best.Name : null;
    }

    /// <summary>Levenshtein distance: insertions, deletions and substitutions.</summary>
    public static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                int substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(substitution, Math.Min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[^1];
    }
}
