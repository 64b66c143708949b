using System.Text.RegularExpressions;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>What a run's page says about what disturbed it.</summary>
public sealed partial class DisturbedReportTests(ReportedSamples samples, Lab.Tests.Results.WrittenSample unwatched)
    : IClassFixture<Lab.Tests.Results.WrittenSample>
{
    [Fact]
    public void A_watched_run_shows_its_numbers_with_and_without_tagged_samples_and_what_it_was()
    {
        string html = HtmlPage.Render(RunReport.Of(samples.Run));
        Assert.Contains("<h3>with and without disturbed samples</h3>", html);
        Assert.Contains("All 36 measurements were watched by another process.", html);
        Assert.Contains(
            "<td data-value=\"involuntary-switch\">involuntary-switch</td><td data-value=\"72000\">72,000</td>", html);
        Assert.Contains("the longest 10 that are located", html);
        Assert.Contains("run-queue-delay+involuntary-switch", html);
        Assert.Contains("it tags no sample", html);
        Assert.Contains("It shows in the results of measurements (36)", html);
        Assert.Contains("it shows in the results of 36 measurements (see disturbances)", html);
    }

    [Fact]
    public void A_machine_too_small_for_the_load_is_told()
    {
        RunRecord run = new()
        {
            Folder = samples.Run.Folder, Summary = samples.Run.Summary,
            Manifest = samples.Run.Manifest with
            {
                Measurements = [.. samples.Run.Manifest.Measurements.Select(one => one with { OwnWaits = 0.25 })],
            },
        };
        Assert.Contains("Small machine: up to 25 % of the samples waited for a core", HtmlPage.Render(RunReport.Of(run)));
        Assert.DoesNotContain("Small machine", HtmlPage.Render(RunReport.Of(samples.Run)));
    }

    [Fact]
    public void A_run_that_was_not_watched_says_that_nothing_listed_means_nothing()
    {
        string html = HtmlPage.Render(RunReport.Of(unwatched.Run));
        Assert.Contains("This run was not watched, so an empty list says nothing.", html);
        Assert.DoesNotContain("with and without disturbed samples", html);
    }

    [Fact]
    public void Thousands_of_disturbances_cost_a_figure_no_more_than_its_width()
    {
        Plot plot = LatencyOverTimeFigure.Draw(samples.Run, samples.Run.Scenes[0], "update");
        Assert.Equal(["run-queue-delay", "involuntary-switch", "gc-pause"], new DrawnFigure(plot).Texts.TakeLast(3));
        Assert.True(samples.Run.Disturbances.Count(row => row.Kind == "involuntary-switch") > 10_000);
        Assert.All(TickPattern().Matches(plot.GetSvg()).Select(match => match.Length),
            length => Assert.InRange(length, 1, 20_000));
    }

    [Fact]
    public void Ticks_at_the_edges_of_the_window_and_beyond_stay_inside()
    {
        Plot plot = new();
        plot.Series([0, 1], [1, 2], new Look(Tone.Series(0), "one"));
        plot.Strip([(-5, -1), (-1, 0), (0.5, 0.5), (1, 9), (2, 3)], Tone.Series(1), "ticks");
        string ticks = new DrawnFigure(plot).All("path").Select(path => path.Attribute("d")!.Value)
            .Single(path => path.Contains('Z'));
        Assert.Equal(3, ticks.Count(c => c == 'M'));
    }

    [GeneratedRegex(" d=\"[^\"]*\"")]
    private static partial Regex TickPattern();
}
