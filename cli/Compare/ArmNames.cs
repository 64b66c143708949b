using System.CommandLine.Parsing;
using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Cli.Run;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Cli.Compare;

/// <summary>What the user means by an arm: a strategy to be measured, or a folder or baseline that has been.</summary>
internal static class ArmNames
{
    /// <summary>A strategy's <see cref="ComparisonArm.Arguments"/> are those that it was given for itself:
    /// <c>"mainline --watch off"</c>.</summary>
    /// <exception cref="UsageException">Nothing of that name.</exception>
    public static ComparisonArm Read(string text, LabCatalogue catalogue, string outFolder)
    {
        if (catalogue.Find(text) is { } subject)
        {
            return new ComparisonArm { Label = subject.Name, Source = ArmSource.Strategy, Strategy = subject.Name };
        }
        string[] words = [.. CommandLineParser.SplitCommandLine(text)];
        if (words.Length > 1 && words[1].StartsWith("--", StringComparison.Ordinal) && catalogue.Find(words[0]) is { } armed)
        {
            return new ComparisonArm
                { Label = string.Join(' ', words), Source = ArmSource.Strategy, Strategy = armed.Name, Arguments = words[1..] };
        }
        (string place, string? strategy) = Split(text);
        if (Directory.Exists(place) || (File.Exists(place) && Path.GetFileName(place) == "manifest.json"))
        {
            string folder = Path.GetFullPath(File.Exists(place) ? Path.GetDirectoryName(Path.GetFullPath(place))! : place);
            return new ComparisonArm { Label = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) + Suffix(strategy),
                Source = ArmSource.Folder, From = folder, Strategy = strategy };
        }
        BaselineStore baselines = SavedBaseline.Beside(outFolder);
        if (baselines.Has(place)) return Baseline(text, baselines);
        RunListing[] runs = [.. new RunStore(Path.Combine(Path.GetDirectoryName(baselines.Root) ?? "", "runs")).List()
            .Where(run => place.Length > 0 && run.Id.StartsWith(place, StringComparison.Ordinal))];
        if (runs is [var run]) return new ComparisonArm { Label = run.Id + Suffix(strategy), Source = ArmSource.Folder,
            From = Path.GetFullPath(run.Folder), Strategy = strategy };
        string[] known = [.. catalogue.Strategies.Select(entry => entry.Name), .. baselines.Names()];
        string hint = Names.Nearest(text, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        string why = runs.Length > 1 ? $"'{text}' begins {runs.Length} runs"
            : $"There is no arm '{text}': not a strategy, folder, baseline or run";
        throw new UsageException($"{why}.{hint} There are: {string.Join(", ", known)}.");
    }

    /// <exception cref="NotComparableException">No such baseline.</exception>
    public static ComparisonArm Baseline(string text, BaselineStore store)
    {
        (string name, string? strategy) = Split(text);
        if (!store.Has(name))
        {
            IReadOnlyList<string> names = store.Names();
            string hint = Names.Nearest(name, names) is { } nearest ? $" Did you mean '{nearest}'?" : "";
            throw new NotComparableException($"There is no baseline '{name}' in '{store.Root}'.{hint} "
                + (names.Count == 0 ? "There are none yet: --save-baseline NAME keeps one."
                    : $"There are: {string.Join(", ", names)}."));
        }
        return new ComparisonArm { Label = name + Suffix(strategy), Source = ArmSource.Baseline,
            From = Path.GetFullPath(store.PathOf(name)), Strategy = strategy };
    }

    /// <summary>The same arm twice is a comparison of equals, and has two names all the same.</summary>
    public static IReadOnlyList<ComparisonArm> Distinct(IReadOnlyList<ComparisonArm> arms) =>
    [
        .. arms.Select((arm, index) => arms.Take(index).Count(before => before.Label == arm.Label) is var count and > 0
            ? arm with { Label = string.Create(CultureInfo.InvariantCulture, $"{arm.Label}#{count + 1}") }
            : arm),
    ];

    /// <summary>What all arms are given, with what one has of its own in place of or behind it.</summary>
    /// <param name="common">Options and their values, in turn.</param>
    /// <param name="arm">With its own, likewise.</param>
    /// <param name="shaping">Options that an arm may have of its own.</param>
    /// <exception cref="UsageException">Something else, or a value is missing.</exception>
    public static IReadOnlyList<string> Arguments(IReadOnlyList<string> common, ComparisonArm arm, IReadOnlyList<string> shaping)
    {
        string[] own = [.. arm.Arguments.SelectMany(
            word => word.StartsWith("--", StringComparison.Ordinal) && word.Contains('=') ? word.Split('=', 2) : [word])];
        for (int at = 0; at < own.Length; at += 2)
        {
            if (!shaping.Contains(own[at]))
            {
                string hint = Names.Nearest(own[at], shaping) is { } nearest ? $" Did you mean '{nearest}'?" : "";
                throw new UsageException(
                    $"Arm '{arm.Label}' has '{own[at]}' of its own, which is not a setting of a measurement.{hint}");
            }
            if (at + 1 == own.Length) throw new UsageException($"Arm '{arm.Label}' has '{own[at]}' without a value.");
        }
        string[] names = [.. own.Where((_, at) => at % 2 == 0)];
        return [.. common.Chunk(2).Where(pair => !names.Contains(pair[0])).SelectMany(pair => pair), .. own];
    }

    private static string Suffix(string? strategy) => strategy is null ? "" : $"@{strategy}";

    private static (string Place, string? Strategy) Split(string text)
    {
        int at = text.LastIndexOf('@');
        return at > 0 && !Directory.Exists(text) ? (text[..at], text[(at + 1)..]) : (text, null);
    }
}
