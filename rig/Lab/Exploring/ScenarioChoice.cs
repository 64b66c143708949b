using System.Globalization;
using Lab.Application.Catalogue;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Schedules;
using Lab.Settings;

namespace Lab.Application.Exploring;

/// <summary>Which scenarios a user means, and with which parameters.</summary>
public static class ScenarioChoice
{
    private const string Extension = ".scenario";

    /// <summary>Scenarios by name, 'all' of them, or files of the user's own.</summary>
    /// <exception cref="UsageException">No such name, or the file is not a scenario.</exception>
    public static IReadOnlyList<Scenario> Named(string text, LabCatalogue catalogue)
    {
        List<Scenario> chosen = [];
        foreach (string name in Names.Items("--scenario", text))
        {
            if (name == "all") chosen.AddRange(catalogue.Scenarios);
            else if (name.EndsWith(Extension, StringComparison.Ordinal)) chosen.Add(FromFile(name));
            else chosen.Add(Names.Find("scenario", name, catalogue.Scenarios, one => one.Name));
        }
        return [.. chosen.DistinctBy(one => one.Name)];
    }

    /// <summary>Of what a user says, the files of his own.</summary>
    public static IReadOnlyList<string> Files(string text) =>
        [.. Names.Items("--scenario", text).Where(name => name.EndsWith(Extension, StringComparison.Ordinal))];

    /// <summary>What a scenario of that file is called: one word, as it stands in a recorded schedule.</summary>
    public static string NameOf(string file) => string.Concat(Path.GetFileNameWithoutExtension(file)
        .Select(letter => char.IsWhiteSpace(letter) || letter is ':' or ',' ? '-' : letter));

    /// <summary>Reads what <c>--set</c> says.</summary>
    /// <exception cref="UsageException">Not a number, or none of the scenarios has such a parameter.</exception>
    public static Dictionary<string, long> Values(IReadOnlyList<string> settings, IReadOnlyList<Scenario> scenarios)
    {
        Dictionary<string, long> values = [];
        foreach (string item in settings.SelectMany(text => Names.Items("--set", text)))
        {
            string[] pair = item.Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length != 2) throw Quantities.Bad("--set", item, "a parameter and a number such as vcpus=2");
            string[] known = [.. scenarios.SelectMany(one => one.Parameters).Select(one => one.Name).Distinct()];
            if (known.Length == 0) throw new UsageException(
                $"--set '{item}': {string.Join(", ", scenarios.Select(one => one.Name))} has no parameters.");
            if (!values.TryAdd(Names.Find("parameter", pair[0], known, name => name),
                Quantities.Whole($"--set {pair[0]}", pair[1], 0, 64)))
            {
                throw new UsageException($"--set gives '{pair[0]}' twice; give it once.");
            }
        }
        return values;
    }

    /// <summary>The scenario with those of the values that it has parameters for.</summary>
    /// <exception cref="UsageException">It is none with these values.</exception>
    public static Scenario With(Scenario scenario, IReadOnlyDictionary<string, long> values)
    {
        Dictionary<string, long> own = values.Where(pair => scenario.Parameters.Any(one => one.Name == pair.Key)).ToDictionary();
        return own.Count == 0 ? scenario : Parse(scenario.Name, scenario.Text, own);
    }

    /// <summary>Name and parameters in a recorded schedule: "fast-zap-reload,vcpus=1,tail".</summary>
    public static (string Name, IReadOnlyDictionary<string, long> Values, IReadOnlySet<string> Variants) Recorded(ScheduleKey key)
    {
        string[] parts = key.Scenario.Split(',');
        Dictionary<string, long> values = [];
        HashSet<string> variants = [];
        foreach (string part in parts.Skip(1))
        {
            string[] pair = part.Split('=');
            if (pair.Length == 2 && long.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                values[pair[0]] = value;
            }
            else variants.Add(part);
        }
        return (parts[0], values, variants);
    }

    /// <summary>The values of the parameters, as they are shown: "vcpus=1, pages=2".</summary>
    public static string Describe(Scenario scenario) =>
        string.Join(", ",
            scenario.Parameters.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name}={one.Value}")));

    private static Scenario FromFile(string path)
    {
        try
        {
            return Parse(NameOf(path), File.ReadAllText(path), null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--scenario '{path}' cannot be read ({error.Message.TrimEnd('.')}); give the path of a "
                + "scenario file, or a name that 'lab list scenarios' shows.");
        }
    }

    private static Scenario Parse(string name, string text, Dictionary<string, long>? values)
    {
        try
        {
            return ScenarioText.Parse(name, text, values);
        }
        catch (ScenarioFormatException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
