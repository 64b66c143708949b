using System.Globalization;
using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Cli;

/// <summary>What the user means by an arm: a strategy to be measured, or a folder or baseline that has been.</summary>
internal static class ArmNames
{
    /// <exception cref="UsageException">Nothing of that name.</exception>
    public static ComparisonArm Read(string text, LabCatalogue catalogue, string outFolder, IReadOnlyList<string> arguments)
    {
        if (catalogue.Strategies.Any(entry => entry.Name == text))
            return new ComparisonArm { Label = text, Source = ArmSource.Strategy, Strategy = text, Arguments = arguments };
        (string place, string? strategy) = Split(text);
        if (Directory.Exists(place) || (File.Exists(place) && Path.GetFileName(place) == "manifest.json"))
        {
            string folder = Path.GetFullPath(File.Exists(place) ? Path.GetDirectoryName(Path.GetFullPath(place))! : place);
            return new ComparisonArm { Label = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) + Suffix(strategy), Source = ArmSource.Folder, From = folder, Strategy = strategy };
        }
        BaselineStore baselines = SavedBaseline.Beside(outFolder);
        if (baselines.Has(place)) return Baseline(text, baselines);
        RunListing[] runs = [.. new RunStore(Path.Combine(Path.GetDirectoryName(baselines.Root) ?? "", "runs")).List().Where(run => place.Length > 0 && run.Id.StartsWith(place, StringComparison.Ordinal))];
        if (runs is [var run])
            return new ComparisonArm { Label = run.Id + Suffix(strategy), Source = ArmSource.Folder, From = Path.GetFullPath(run.Folder), Strategy = strategy };
        string[] known = [.. catalogue.Strategies.Select(entry => entry.Name), .. baselines.Names()];
        string hint = Names.Nearest(text, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        string why = runs.Length > 1 ? $"'{text}' begins {runs.Length} runs" : $"There is no arm '{text}', neither a strategy, nor a folder, nor a baseline, nor a run";
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
                + (names.Count == 0 ? "None is there yet: --save-baseline NAME keeps one." : $"There are: {string.Join(", ", names)}."));
        }
        return new ComparisonArm { Label = name + Suffix(strategy), Source = ArmSource.Baseline, From = Path.GetFullPath(store.PathOf(name)), Strategy = strategy };
    }

    /// <summary>The same arm twice is a comparison of equals, and has two names all the same.</summary>
    public static IReadOnlyList<ComparisonArm> Distinct(IReadOnlyList<ComparisonArm> arms) =>
    [
        .. arms.Select((arm, index) => arms.Take(index).Count(before => before.Label == arm.Label) is var count and > 0
            ? arm with { Label = string.Create(CultureInfo.InvariantCulture, $"{arm.Label}#{count + 1}") }
            : arm),
    ];

    private static string Suffix(string? strategy) => strategy is null ? "" : $"@{strategy}";

    private static (string Place, string? Strategy) Split(string text)
    {
        int at = text.LastIndexOf('@');
        return at > 0 && !Directory.Exists(text) ? (text[..at], text[(at + 1)..]) : (text, null);
    }
}
