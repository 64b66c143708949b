using Lab.Plots;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Report.Histories;

/// <summary>Series as people read and name them.</summary>
public static class SeriesText
{
    /// <summary>Without machine and settings, which are fingerprints.</summary>
    public static string Of(SeriesKey key) => $"{key.Strategy} · {key.Workload} on {key.Mmu} · {HistoryFigure.NameOf(key)}";

    /// <summary>With all that tells it from another.</summary>
    public static string Whole(SeriesKey key) => $"{Of(key)} · settings {key.Settings} · machine {key.Machine}";

    /// <summary>The series' name, with fingerprints where another of these has the same.</summary>
    public static string Title(TrackedSeries one, IReadOnlyList<TrackedSeries> among) =>
        among.Any(other => other != one && Of(other.Key) == Of(one.Key)) ? Whole(one.Key) : Of(one.Key);

    /// <summary>The series that a text names: those of which each word of it is a name, a quantile or a fingerprint; where there
    /// is none, those in which each word occurs. An empty text names all.</summary>
    public static IReadOnlyList<TrackedSeries> Find(string text, IReadOnlyList<TrackedSeries> series)
    {
        string[] words = text.Split([' ', '·'], StringSplitOptions.RemoveEmptyEntries);
        words = [.. words.Where(word => word is not ("on" or "settings" or "machine"))];
        TrackedSeries[] exact =
            [.. series.Where(one => words.All(word => Parts(one.Key).Contains(word, StringComparer.OrdinalIgnoreCase)))];
        return exact.Length > 0 ? exact
            : [.. series.Where(
                one => words.All(word => Parts(one.Key).Any(part => part.Contains(word, StringComparison.OrdinalIgnoreCase))))];
    }

    /// <exception cref="UsageException">None; the message lists some that there are.</exception>
    public static IReadOnlyList<TrackedSeries> FindSome(string text, IReadOnlyList<TrackedSeries> series)
    {
        IReadOnlyList<TrackedSeries> found = Find(text, series);
        return found.Count > 0 ? found : throw new UsageException($"No series is '{text}'. There are: {List(series)}.");
    }

    public static string List(IReadOnlyList<TrackedSeries> series)
    {
        const int shown = 5;
        string[] names = [.. series.Select(one => Of(one.Key)).Distinct()];
        // Two of one name differ in what the name leaves out.
        if (names.Length < series.Count) names = [.. series.Select(one => Whole(one.Key))];
        return string.Join("; ", names.Take(shown)) + (names.Length > shown ? $"; and {names.Length - shown} more" : "");
    }

    private static string[] Parts(SeriesKey key) =>
        [key.Strategy, key.Workload, key.Mmu, key.Metric, HistoryFigure.QuantileOf(key), key.Settings, key.Machine];
}
