using Lab.Report.Comparisons;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Report.Logs;
using Lab.Report.Runs;
using Lab.Results.HdrLog;
using Lab.Results;

namespace Lab.Tests.Plots;

/// <summary>A page of every kind, written once, in the tests' output folder, where it stays to be looked at beside its
/// pictures.</summary>
public sealed class ReportPages
{
    private readonly Dictionary<string, Lazy<Uri>> _pages;

    public ReportPages(ReportedSamples samples)
    {
        Directory.CreateDirectory(Folder);
        _pages = Names.ToDictionary(name => name, name => new Lazy<Uri>(() =>
        {
            string file = Path.Combine(Folder, $"report-{name}.html");
            File.WriteAllText(file, Html(name, samples));
            return new Uri(file);
        }));
    }

    public static IReadOnlyList<string> Names { get; } = ["run", "comparison", "history", "histograms"];

    public static string Folder => Path.Combine(AppContext.BaseDirectory, "screenshots");

    public Uri Address(string name) => _pages[name].Value;

    private static string Html(string page, ReportedSamples samples) => page switch
    {
        "run" => HtmlPage.Render(RunReport.Of(samples.Run)),
        "comparison" => ComparisonReport.Render(samples.Comparison, samples.Folder.Manifest, "results/comparisons/sample"),
        "history" => HtmlPage.Render(HistoryReport.Of(
            [HistoryFigureTests.Series(20, [1, 1.1, 0.9, 1.2]),
                HistoryFigureTests.Series(20, [1, 1.1], "fault", isAcknowledged: true), HistoryFigureTests.Series(5, [1], "put")],
            "history/history.csv", ["1 row is damaged"])),
        "histograms" => HtmlPage.Render(HdrLogReport.Of(
            [
                .. samples.Run.Histograms.GroupBy(row => new HistogramName(row.Key, row.Metric)).Select(one => new NamedHistogram(
                    one.Key.Tag, 0, 5, [.. one.Select(row => new Bucket(row.Low, row.High, row.Count))], one.Key, "ns")),
            ],
            "run.hlog")),
        _ => throw new ArgumentOutOfRangeException(nameof(page), page, "no such page"),
    };
}
