using Lab.Report.Documents;
using Lab.Report.Logs;
using Lab.Report.Runs;
using Lab.Results.HdrLog;
using Lab.Results;
using Lab.Tests.Cli;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>One rule says which quantiles are shown, wherever they are.</summary>
public sealed class FewSamplesTests : IDisposable
{
    private const string P90 = "2.00 ms", P99 = "3.00 ms", P999 = "4.00 ms", Max = "6.00 ms";

    private readonly ComparedRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void A_tail_is_shown_from_ten_samples_beyond_it_on_and_the_middle_always()
    {
        Assert.True(Quantiles.IsShown(1, 0.5));
        Assert.Equal([false, true], ((long[])[99, 100]).Select(samples => Quantiles.IsShown(samples, 0.9)));
        Assert.Equal([false, true], ((long[])[999, 1000]).Select(samples => Quantiles.IsShown(samples, 0.99)));
        Assert.Equal([false, true], ((long[])[9999, 10_000]).Select(samples => Quantiles.IsShown(samples, 0.999)));
    }

    [Theory]
    [InlineData(352, new[] { P90, Max }, new[] { P99, P999 })]
    [InlineData(20, new[] { Max }, new[] { P90, P99, P999 })]
    [InlineData(20_000, new[] { P90, P99, P999, Max }, new string[0])]
    public void Of_few_samples_no_page_and_no_table_shows_a_tail(long samples, string[] shown, string[] hidden)
    {
        string a = _runs.Folder("runs", [1e6], samples: samples), b = _runs.Folder("runs", [1e6], samples: samples);
        string[] outputs =
        [
            HtmlPage.Render(RunReport.Of(new RunStore(_runs.Beside("runs")).Open(a))), LabHere.Run("compare", a, b).Out,
            LabHere.Run("compare", a, b, "--format", "markdown").Out,
        ];
        foreach (string output in outputs)
        {
            Assert.All(shown, value => Assert.Contains(value, output));
            Assert.All(hidden, value => Assert.DoesNotContain(value, output));
        }
        string table = LabHere.Run("report", a).Out;
        Assert.All(hidden, value => Assert.DoesNotContain(value, table));
    }

    [Fact]
    public void The_page_and_the_table_of_a_log_of_five_samples_show_its_middle_and_its_maximum()
    {
        string path = _runs.Beside("five.hlog");
        HdrLogFile log = HdrLogFile.Of("lab", DateTimeOffset.UnixEpoch,
            [HdrInterval.Of("a", 0, 1, HdrLogTests.Histogram((1_000, 3), (70_000, 2)))]);
        File.WriteAllBytes(path, HdrLogTests.Written(log));
        string page = HtmlPage.Render(HdrLogReport.Of(RunHdrLog.Read(path), "five"));
        Assert.Contains("<td data-value=\"5\">5</td><td data-value=\"1000\">1.00 µs</td>"
            + "<td data-value=\"\">–</td><td data-value=\"\">–</td><td data-value=\"\">–</td><td data-value=\"\">–</td>",
            page.ReplaceLineEndings(""));
        Assert.Matches(@"a +5 +1\.00 µs +– +– +7\d\.\d µs", LabHere.Run("report", path).Out);
    }
}
