using System.Globalization;

namespace Lab.Explorer;

/// <summary>A place in the tree of choices that the optimal search walks through: at each level which of the alternatives of the
/// place above, in the order in which they are taken. The walk meets places in the order of <see cref="Against"/>: a place,
/// then what is below it, then its neighbour.</summary>
public sealed record SearchPlace(IReadOnlyList<int> Choices)
{
    public static SearchPlace Start { get; } = new([]);

    public bool IsAbove(SearchPlace other) => Choices.Count < other.Choices.Count && Choices.SequenceEqual(
        other.Choices.Take(Choices.Count));

    /// <summary>Below 0 where the walk comes here first, above where it does later.</summary>
    public int Against(SearchPlace other)
    {
        for (int level = 0; level < Math.Min(Choices.Count, other.Choices.Count); level++)
        {
            if (Choices[level] != other.Choices[level]) return Choices[level].CompareTo(other.Choices[level]);
        }
        return Choices.Count.CompareTo(other.Choices.Count);
    }

    public bool Equals(SearchPlace? other) => other is not null && Choices.SequenceEqual(other.Choices);

    public override int GetHashCode() => Choices.Aggregate(Choices.Count, HashCode.Combine);

    public override string ToString() => string.Join('/', Choices);
}

/// <summary>A part of an optimal search: the executions from a place on and before another, in the order of the walk. Slices that
/// follow each other have every execution once, so that their counts add up to those of the whole.</summary>
/// <param name="From">Its first place.</param>
/// <param name="Before">The first place that is not its own; null for none.</param>
public sealed record SearchSlice(SearchPlace From, SearchPlace? Before)
{
    private const string Between = "..";

    /// <summary>The whole search.</summary>
    public static SearchSlice Whole { get; } = new(SearchPlace.Start, null);

    /// <summary>As <c>0/2/1..0/3</c>; without a place the search's own start or end.</summary>
    /// <exception cref="FormatException">It is no slice; the message is a sentence.</exception>
    public static SearchSlice Parse(string text)
    {
        string[] ends = text.Split(Between);
        if (ends.Length == 2 && Place(ends[0]) is { } from && Place(ends[1]) is { } before)
        {
            return new SearchSlice(from, ends[1].Length == 0 ? null : before);
        }
        throw new FormatException($"'{text}' is no part of a search; expected two places such as 0/2/1..0/3.");
    }

    public override string ToString() => $"{From}{Between}{Before}";

    private static SearchPlace? Place(string text)
    {
        List<int> choices = [];
        foreach (string part in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int choice)) return null;
            choices.Add(choice);
        }
        return new SearchPlace(choices);
    }
}
