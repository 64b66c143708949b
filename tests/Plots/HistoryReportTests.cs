using System.Text.RegularExpressions;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Results.Tracking;
using Xunit;

namespace Lab.Tests.Plots;

public sealed partial class HistoryReportTests
{
    private static string Render(params TrackedSeries[] series) =>
        HtmlPage.Render(HistoryReport.Of(series, "history/<history>.csv", ["two & a half"]));

    [Fact]
    public void The_verdict_comes_first_and_names_the_regression_then_changes_figures_acknowledgements_and_the_way_back()
    {
        string html = Render(HistoryFigureTests.Series(20, [1], metric: "fault"), HistoryFigureTests.Series(20, [1, 1.1]));
        int[] places =
        [
            .. ((string[])["1 regression is open. 1 of 2 series changed their level.", "· update p99 +", "id=\"changes\"", "OPEN",
                "id=\"figures\"", "<svg", "id=\"series\"", "lab track add latest"])
                .Select(part => html.IndexOf(part, StringComparison.Ordinal)),
        ];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.Contains("class=\"verdict bad\"", html);
        Assert.Contains("two &amp; a half", html);
        Assert.True(html.IndexOf("update p99: workqueue", StringComparison.Ordinal) < html.IndexOf("fault p99: workqueue",
            StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_one_file_that_fetches_nothing_and_every_element_is_closed()
    {
        string html = Render(HistoryFigureTests.Series(20, [1, 1.1], isAcknowledged: true),
            HistoryFigureTests.Series(5, [1], metric: "fault"));
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
        Assert.DoesNotContain("NaN", html);
        Assert.Contains("wanted &lt;b&gt;so&lt;/b&gt;", html);
        Assert.Contains("No regression is open.", html);
        Assert.Contains("1 has fewer than the 15 points that it takes to find a change.", html);
        Stack<string> open = new();
        foreach (Match tag in TagPattern().Matches(RawTextPattern().Replace(html, "")))
        {
            string name = tag.Groups["name"].Value;
            if (name is "meta" || tag.Value.EndsWith("/>", StringComparison.Ordinal)) continue;
            if (tag.Value[1] == '/') Assert.Equal(open.Pop(), name);
            else open.Push(name);
        }
        Assert.Empty(open);
    }

    [Fact]
    public void Figures_are_capped_at_a_stated_number_those_with_changes_first()
    {
        TrackedSeries[] many = [.. Enumerable.Range(0, HistoryReport.FiguresMost + 3).Select(index =>
            HistoryFigureTests.Series(20, index == HistoryReport.FiguresMost ? [1, 1.2] : [1], metric: $"metric{index}"))];
        string html = Render(many);
        Assert.Equal(HistoryReport.FiguresMost, html.Split("<svg").Length - 1);
        Assert.Contains("3 further series are not drawn here, 0 of them with changes", html);
        Assert.Contains($"metric{HistoryReport.FiguresMost} p99: workqueue", html);
    }

    [Fact]
    public void Too_few_points_say_nothing_and_the_page_says_so()
    {
        string html = Render(HistoryFigureTests.Series(3, [1]));
        Assert.Contains("Too early to tell: none of 1 series has the 15 points that it takes to find a change.", html);
        Assert.Contains("class=\"verdict warn\"", html);
    }

    [GeneratedRegex("</?(?<name>[a-z][a-z0-9]*)[^>]*>")]
    private static partial Regex TagPattern();

    [GeneratedRegex("<(style|script)[^>]*>.*?</\\1>|<!DOCTYPE html>", RegexOptions.Singleline)]
    private static partial Regex RawTextPattern();
}
