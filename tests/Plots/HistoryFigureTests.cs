using Lab.Plots;
using Lab.Results.Tracking;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

public sealed class HistoryFigureTests
{
    /// <summary>A series with the levels given as factors, each so many points long, and 1 % of noise.</summary>
    internal static TrackedSeries Series(
        int pointsPerLevel, double[] levels, string metric = "update", bool isAcknowledged = false, int seed = 11)
    {
        double[] values = new Simulated(seed).Series(pointsPerLevel * levels.Length, 0, isLognormal: false, spread: 0.01);
        HistoryRow[] rows = [.. values.Select((value, index) => TrackerTests.Row(index, value * levels[index / pointsPerLevel],
            metric: metric) with { Commit = $"{index:x8}{new string('c', 32)}" })];
        IReadOnlyList<TrackedSeries> plain = Tracker.Track(rows, [], []);
        return isAcknowledged
            ? Tracker.Track(rows, [.. plain[0].Changes.Select(change =>
                new Acknowledgement(plain[0].Key, change.Culprit.FirstBad, "wanted <b>so</b>", DateTimeOffset.UnixEpoch))], [])[0]
            : plain[0];
    }

    private static DrawnFigure Drawn(TrackedSeries series) => new(HistoryFigure.Draw(series));

    [Fact]
    public void A_series_has_a_point_per_session_a_line_and_band_per_level_and_a_named_mark_per_change()
    {
        TrackedSeries series = Series(20, [1, 0.85, 0.95]);
        DrawnFigure svg = Drawn(series);

        Assert.Equal(60, svg.All("circle").Count());
        Assert.Equal(60, svg.Tips.Count);
        Assert.StartsWith("00000000: ", svg.Tips[0]);
        Assert.Equal(3, svg.All("path").Count(path => DrawnFigure.Of(path, "fill") != "none"));
        List<string> texts = svg.Texts;
        Assert.Contains(texts, text =>
            text.StartsWith("−15", StringComparison.Ordinal) && text.EndsWith("00000014 better", StringComparison.Ordinal));
        Assert.Contains(texts,
            text => text.StartsWith("+1", StringComparison.Ordinal) && text.EndsWith("00000028 worse", StringComparison.Ordinal));
        Assert.Contains("change: worse", texts);
        Assert.Equal("update p99: workqueue, memslot-churn on radix", svg.Title);
        Assert.Contains("at 00000028, from ", svg.Description);
    }

    [Fact]
    public void What_a_change_means_is_told_by_word_and_line_pattern_and_not_by_colour_alone()
    {
        string? Dashes(TrackedSeries series) => Drawn(series).All("path")
            .Where(path => DrawnFigure.Of(path, "stroke-width") == "1.6")
            .Select(path => DrawnFigure.Of(path, "stroke-dasharray")).Distinct().Single();
        string?[] patterns =
            [Dashes(Series(20, [1, 1.1])), Dashes(Series(20, [1, 0.9])), Dashes(Series(20, [1, 1.1], isAcknowledged: true))];
        Assert.Equal(3, patterns.Distinct().Count());
        Assert.Contains(Drawn(Series(20, [1, 1.1], isAcknowledged: true)).Texts,
            text => text.EndsWith(" acknowledged", StringComparison.Ordinal));
    }

    [Fact]
    public void Commit_labels_are_thinned_and_nothing_is_written_outside_or_on_something_else()
    {
        foreach (TrackedSeries series in (TrackedSeries[])[Series(100, [1, 1.1, 1]), Series(8, [1, 1.3, 1, 1.3, 1, 1.3, 1]),
            Series(1, [1]), Series(3, [1])])
        {
            Plot plot = HistoryFigure.Draw(series);
            DrawnFigure drawn = new(plot);
            Assert.InRange(
                drawn.Texts.Count(text => text.Length == 8 && text.StartsWith("0000", StringComparison.Ordinal)), 1, 8);
            List<(double Start, double End, double Y)> places = [];
            foreach ((string text, double start, double end, double y) in drawn.LevelTexts())
            {
                Assert.True(start >= 0 && end <= plot.Width && y > 0 && y < plot.Height, $"'{text}' is clipped");
                Assert.DoesNotContain(places, other => Math.Abs(other.Y - y) < 8 && start < other.End && other.Start < end);
                places.Add((start, end, y));
            }
        }
    }

    [Fact]
    public void A_series_that_never_moves_and_one_from_nothing_are_drawn_with_finite_numbers()
    {
        foreach (double[] values in (double[][])[[.. Enumerable.Repeat(5.0, 20)], [.. Enumerable.Repeat(0.0, 20)],
            [.. Enumerable.Repeat(0.0, 20), .. Enumerable.Repeat(7.0, 20)]])
        {
            string svg = HistoryFigure.Draw(Assert.Single(
                Tracker.Track([.. values.Select((value, index) => TrackerTests.Row(index, value))], [], []))).GetSvg();
            Assert.DoesNotContain("NaN", svg);
            Assert.DoesNotContain("∞", svg);
            Assert.DoesNotContain("no data", svg);
        }
    }

    [Fact]
    public void Commits_are_short_and_say_if_there_were_changes_on_top()
    {
        Assert.Equal("8c71edc0", CommitNames.Short("8c71edc0f1e2d3c4b5a697886950413223140516"));
        Assert.Equal("8c71edc0+", CommitNames.Short("8c71edc0f1e2d3c4b5a697886950413223140516-dirty"));
        Assert.Equal("release-2026-11", CommitNames.Short("release-2026-11"));
    }
}
