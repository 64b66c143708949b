using Lab.Plots;
using Lab.Results.Tracking;

namespace Lab.Report.Histories;

/// <summary>Workflow commands of GitHub Actions, which it shows beside the commit. Source: docs.github.com, "Workflow commands";
/// escaping as actions/toolkit's <c>command.ts</c> does it.</summary>
public static class GithubAnnotations
{
    public static string Regression(TrackedSeries series, TrackedChange change, IReadOnlyList<TrackedSeries> among)
    {
        string direction = series.Better == Lab.Results.Statistics.Better.Higher ? "fewer" : "slower";
        return Line("error", $"{HistoryFigure.NameOf(series.Key)} of {series.Key.Strategy} is {direction}: "
            + $"{HistoryFigure.Percent(change.Point.Change)}",
            $"{SeriesText.Title(series, among)}: from {Quantity.Format(change.Point.Before, series.Key.Unit)} to "
                + $"{Quantity.Format(change.Point.After, series.Key.Unit)} "
            + $"between {CommitNames.Short(change.Culprit.LastGood)} and {CommitNames.Short(change.Culprit.FirstBad)}.\n"
            + "lab track culprit names the commits; lab track acknowledge … --change "
                + $"{CommitNames.Short(change.Culprit.FirstBad)} accepts it.");
    }

    public static string Damaged(DamagedRow row) =>
        $"::warning file={Property(row.File)},line={row.Line.ToString(System.Globalization.CultureInfo.InvariantCulture)},title=Damaged "
            + $"row::{Data(row.Why)}";

    /// <summary>The level is <c>error</c>, <c>warning</c> or <c>notice</c>.</summary>
    public static string Line(string level, string title, string message) =>
        $"::{level} title={Property(title)}::{Data(message)}";

    private static string Data(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A",
            StringComparison.Ordinal);

    private static string Property(string text) =>
        Data(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);
}
