using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Lab.Plots;
using Lab.Report.Comparisons;
using Lab.Results.Comparisons;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>What the page and the figures of a comparison say; how they look is <see cref="ReportPageTests"/>'.</summary>
public sealed partial class ComparisonReportTests(ReportedSamples samples) : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void The_verdict_comes_first_in_words_with_the_clearest_number_of_each_arm()
    {
        string html = ComparisonReport.Render(samples.Comparison, samples.Folder.Manifest);
        string verdict = VerdictPattern().Match(html).Groups["text"].Value;
        Assert.Matches(
            @"workqueue is slower than mainline for the updater: update p\d+ 1\.1\d× \[1\.\d\d, 1\.\d\d\], 10 blocks; "
                + "3 of 4 values that decide say so; "
                + @"but \d+ of 20 runs are contaminated: repeat it on a quieter machine\.",
            verdict);
        Assert.Matches(
            @"baseline is slower than mainline in one respect and faster in another for the updater: update p99 2\.\d\d× .*, "
                + @"but update p50 0\.5\d×",
            verdict);
        Assert.True(html.IndexOf("class=\"verdict", StringComparison.Ordinal) < html.IndexOf("<table", StringComparison.Ordinal));
    }

    [Fact]
    public void A_verdict_carries_what_its_row_says_without_disturbed_samples_and_shows_what_each_ratio_is_of()
    {
        ArmComparison otherwise = samples.Comparison with
        {
            Rows = [.. samples.Comparison.Rows.Select(row => row with
                { UndisturbedSamples = row.Samples, UndisturbedA = row.ValueA, UndisturbedB = row.ValueA * 1.001 })],
        };
        ComparedRow row = otherwise.Rows.First(one => one is { Gated: true, Quantile: "p50", ArmB: "workqueue" });
        Assert.Equal("slower, but 1.001× without disturbed samples", ComparisonWords.Verdict(row, otherwise.Threshold));
        Assert.Contains(ComparisonVerdict.Of(otherwise).Select(sentence => sentence.Text),
            text => text.Contains("slower than mainline", StringComparison.Ordinal)
                && text.Contains("; but update p50 is 1.001× without disturbed samples", StringComparison.Ordinal));
        Assert.Equal(row.ValueB / row.ValueA, double.Parse(ComparisonWords.Ratio(row), CultureInfo.InvariantCulture), 0.0005);
        Assert.Equal(row.Answer!.Ratio, double.Parse(ComparisonWords.Estimate(row), CultureInfo.InvariantCulture), 0.0005);
        Assert.Equal("paired", ComparisonWords.EstimateName(row));
    }

    [Fact]
    public void Design_command_and_how_to_go_on_are_there_and_a_comparison_that_ended_early_says_so()
    {
        string html = ComparisonReport.Render(samples.Comparison, samples.Folder.Manifest with
            { BlocksAsked = 20, State = RunState.Partial }, Path.Combine(Directory.GetCurrentDirectory(), "there"));
        foreach (string sentence in ComparisonWords.Design(samples.Comparison, samples.Folder.Manifest with { BlocksAsked = 20 }))
        {
            Assert.Contains($"<li>{sentence}</li>", html);
        }
        Assert.Contains("--out &#39;it&#39;\\&#39;&#39;s here&#39;", html);
        Assert.Contains("lab compare --resume there --blocks 20", html);
        Assert.Contains("It ended early: 10 of 20 blocks.", html);
        Assert.Contains(">PARTIAL</span>", html);
    }

    [Fact]
    public void Every_verdict_has_a_mark_besides_its_colour_and_what_was_not_asked_says_why()
    {
        string html = ComparisonReport.Render(samples.Comparison, samples.Folder.Manifest);
        Assert.Contains("bad\">▲</span> slower<", html);
        Assert.Contains("good\">▼</span> faster<", html);
        Assert.Contains("good\">=</span> equivalent in ±2 %<", html);
        Assert.Contains("p99.9: 100,000 samples per run are needed, there are 12,000: --duration ", html);
    }

    [Fact]
    public void Numbers_without_tagged_samples_stand_beside_those_with_them_where_there_are_any()
    {
        Assert.DoesNotContain("without tagged samples",
            ComparisonReport.Render(samples.Comparison with { Rows = [.. samples.Comparison.Rows.Select(
                row => row with { UndisturbedA = double.NaN, UndisturbedB = double.NaN })] }, null));
        ArmComparison both = samples.Comparison with
            { Rows = [.. samples.Comparison.Rows.Select(row => row with { UndisturbedA = 20_000, UndisturbedB = 30_000 })] };
        string html = ComparisonReport.Render(both, null);
        Assert.Contains("workqueue without tagged samples", html);
        Assert.Contains(">1.500<", html);
        Assert.Contains("Tagged samples, which a located disturbance overlapped: 70 of 120,000 of mainline, 70 of 120,000 "
            + "of workqueue.", html);

        ArmRuns[] arms = both.Arms.ToArray();
        int index = Array.FindIndex(arms, arm => arm.Label == "workqueue");
        arms[index] = arms[index] with { Runs = [.. arms[index].Runs.Select(run => run with { Record = new RunRecord
            { Folder = run.Record.Folder, Manifest = run.Record.Manifest, Summary = run.Record.Summary } })] };
        Assert.Contains("overlapped: 70 of 120,000 of mainline, workqueue was not watched.",
            ComparisonReport.Render(both with { Arms = arms }, null));
    }

    [Fact]
    public void Disturbances_are_counted_by_kind_and_arm_and_a_comparison_that_was_not_watched_says_so()
    {
        string html = ComparisonReport.Render(samples.Comparison, samples.Folder.Manifest);
        Assert.Contains("All 30 runs were watched by another process.", html);
        Assert.Contains(">20,000 (2,000)<", html);
        Assert.Contains(">20 (2)<", html);

        ComparisonFolder unwatched = SampleComparison.WriteTo(_temporary.Path, blocks: 2, isWatched: false);
        Assert.Contains("This comparison was not watched, so an empty list says nothing.",
            ComparisonReport.Render(SampleComparison.Read(unwatched), unwatched.Manifest));
    }

    [Fact]
    public void Arms_that_differ_and_runs_left_out_are_listed_before_the_numbers()
    {
        ArmRuns[] arms = samples.Comparison.Arms.ToArray();
        IEnumerable<ArmRun> other = arms[1].Runs.Select(
            run => run with { Record = new RunRecord { Folder = run.Record.Folder, Manifest = run.Record.Manifest with
                { Machine = run.Record.Manifest.Machine with { Kernel = "6.99 <new>" } }, Summary = run.Record.Summary } });
        arms[1] = arms[1] with { Runs = [.. other], Problems = ["block 3: it hung; left out"] };
        string html = ComparisonReport.Render(samples.Comparison with { Arms = arms }, samples.Folder.Manifest);
        string besides = html[html.IndexOf("id=\"besides\"", StringComparison.Ordinal)..html.IndexOf("id=\"scene0\"",
            StringComparison.Ordinal)];
        Assert.Contains("The arms differ in more than the strategy:", besides);
        Assert.Contains("<td>kernel</td><td>6.18.5</td><td>6.99 &lt;new&gt;</td>", besides);
        Assert.Contains("left out of workqueue: block 3: it hung; left out.", besides);
        Assert.Contains("One run was left out.", html);
    }

    [Fact]
    public void Every_figure_is_well_formed_names_every_arm_and_is_written_beside_the_page()
    {
        ComparisonFolder folder = SampleComparison.WriteTo(_temporary.Path, blocks: 2);
        string page = ComparisonReport.Write(SampleComparison.Read(folder), folder);

        Assert.Equal(Path.Combine(folder.Path, "report.html"), page);
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(folder.Path, "figures")).Select(file => Path.GetFileName(file))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(["fault", "update"], files.Select(file => file.Split('.')[2]).Distinct());
        Assert.Equal(["percentiles", "runs", "shift", "percentiles", "runs", "shift"], files.Select(file => file.Split('.')[3]));
        foreach (string file in files)
        {
            string text = File.ReadAllText(Path.Combine(folder.Path, "figures", file));
            Assert.DoesNotContain("NaN", text);
            XElement root = XDocument.Parse(text).Root!;
            Assert.NotEmpty(root.Element(Svg + "desc")!.Value);
            List<string> words = root.Descendants(Svg + "text").Select(one => one.Value).ToList();
            Assert.DoesNotContain("no data", words);
            foreach (string arm in (string[])["mainline", "workqueue", "baseline"])
            {
                Assert.Contains(words, word => word.Contains(arm, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void A_block_of_its_own_has_no_band_and_runs_without_histograms_still_have_their_dots()
    {
        ComparisonFolder folder = SampleComparison.WriteTo(_temporary.Path, blocks: 1);
        ArmComparison comparison = SampleComparison.Read(folder);
        Figure shift =
            Figures(comparison).First(figure => figure.FileName.EndsWith("update.shift.svg", StringComparison.Ordinal));
        Assert.Contains("one block, so there is no band", shift.Plot.Subtitle);

        foreach (string histograms in Directory.EnumerateFiles(folder.Runs, "histograms.csv", SearchOption.AllDirectories))
        {
            File.Delete(histograms);
        }
        Assert.All(Figures(comparison), figure => Assert.EndsWith(".runs.svg", figure.FileName, StringComparison.Ordinal));
        Assert.Contains("the figures are without it.", ComparisonReport.Render(comparison, folder.Manifest));

        static List<Figure> Figures(ArmComparison comparison) =>
            [.. ComparisonFigures.Of(comparison, ComparedDistributions.Read(comparison.Arms))];
    }

    [Fact]
    public void Dots_stand_in_the_order_of_measuring()
    {
        Plot plot = RunDotsFigure.Draw(samples.Comparison, samples.Comparison.Rows[0].Scene, "update");
        IEnumerable<string> runs = samples.Folder.Manifest.Blocks.SelectMany(block => block.Runs).Index()
            .Where(run => run.Item.Arm == 1).Select(run => $"workqueue, run {run.Index + 1}");
        Assert.Equal(runs, new DrawnFigure(plot).Tips.Where(tip => tip.StartsWith("workqueue", StringComparison.Ordinal)
            && tip.Contains("p50", StringComparison.Ordinal)).Select(tip => tip[..tip.IndexOf(':')]));
    }

    [GeneratedRegex("<p class=\"verdict[^>]*>(?<text>.*?)</p>")]
    private static partial Regex VerdictPattern();
}
