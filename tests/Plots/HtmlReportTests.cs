using System.Text.RegularExpressions;
using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Plots;

public sealed partial class HtmlReportTests(WrittenSample sample) : IClassFixture<WrittenSample>, IDisposable
{
    private const string SvgNamespace = "http://www.w3.org/2000/svg";

    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void The_report_is_one_file_that_fetches_nothing()
    {
        RunRecord run = sample.Run;
        string path = Path.Combine(run.Folder, "report.html");
        HtmlPage.Save(RunReport.Of(run), path);
        string html = File.ReadAllText(path).Replace(SvgNamespace, "", StringComparison.Ordinal);
        Assert.DoesNotContain("http://", html);
        Assert.DoesNotContain("https://", html);
        Assert.DoesNotContain("url(", html);
        Assert.DoesNotContain("src=", html);
        Assert.DoesNotContain("NaN", html);
    }

    [Fact]
    public void Every_element_is_closed_in_order()
    {
        string html = RawTextPattern().Replace(HtmlPage.Render(RunReport.Of(sample.Run)), "");
        Stack<string> open = new();
        foreach (Match tag in TagPattern().Matches(html))
        {
            string name = tag.Groups["name"].Value;
            if (name is "meta" || tag.Value.EndsWith("/>", StringComparison.Ordinal)) continue;
            if (tag.Value[1] == '/') Assert.Equal(open.Pop(), name);
            else open.Push(name);
        }

        Assert.Empty(open);
    }

    [Fact]
    public void The_verdict_comes_first_and_says_who_was_caught()
    {
        string html = HtmlPage.Render(RunReport.Of(sample.Run));
        string verdict = VerdictPattern().Match(html).Groups["text"].Value;
        Assert.Contains("8 of 9 strategies ran clean", verdict);
        Assert.Contains("async-put (BROKEN, kept to be caught) violated an invariant 4 times", verdict);
        Assert.Contains("garbage collection in 2 measured windows", verdict);
        Assert.True(html.IndexOf("class=\"verdict", StringComparison.Ordinal) < html.IndexOf("<table", StringComparison.Ordinal));
        Assert.Contains(">BROKEN</span>", html);
        Assert.Contains(">bound</span>", html);
    }

    [Fact]
    public void A_partial_run_is_marked_and_its_reason_given()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        folder.Write(new SampleRun().Measurements(runs: 1).First());
        folder.Partial("interrupted");
        string html = HtmlPage.Render(RunReport.Of(new RunStore(_temporary.Path).Open(folder.Path)));
        Assert.Contains(">PARTIAL</span>", html);
        Assert.Contains("PARTIAL RUN (interrupted): it ended early; 1 measurement had finished.", html);
    }

    [Fact]
    public void A_run_without_measurements_has_a_report_too()
    {
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest);
        folder.Partial("watchdog");
        Assert.Contains("Nothing was measured.", HtmlPage.Render(RunReport.Of(new RunStore(_temporary.Path).Open(folder.Path))));
    }

    [Fact]
    public void Evidence_settings_and_the_command_to_repeat_are_all_there()
    {
        string html = HtmlPage.Render(RunReport.Of(sample.Run));
        Assert.Contains("--out &#39;it&#39;\\&#39;&#39;s here&#39;", html);
        foreach ((string name, string value) in SampleRun.Manifest.Settings)
        {
            Assert.Contains($"<th scope=\"row\">--{name}</th><td>{value}</td>", html);
        }
        foreach (string warning in SampleRun.Manifest.Warnings) Assert.Contains(warning, html);
        Assert.Contains("reload, fast path", html);
        Assert.Contains("No vCPU reaches a page table after it was freed.", html);
    }

    [Fact]
    public void A_name_with_markup_in_it_stays_a_name()
    {
        const string Evil = "<script>alert('x')</script>\"&";
        RunFolder folder = RunFolder.Create(_temporary.Path, SampleRun.Manifest with { Warnings = [Evil], CommandLine = [Evil] });
        MeasurementRows rows = new SampleRun().Measurements(runs: 1).First();
        folder.Write(new MeasurementRows(rows.Measurement with { Strategy = Evil, Notes = [Evil] })
        {
            Summary = [.. rows.Summary.Select(row => row with { Strategy = Evil })],
            Histograms = [.. rows.Histograms.Select(row => row with { Strategy = Evil })],
            Timeline = [.. rows.Timeline.Select(row => row with { Strategy = Evil })],
            Counters = [.. rows.Counters.Select(row => row with { Strategy = Evil })],
            Violations = [new Violation
            {
                Strategy = Evil, Workload = rows.Measurement.Workload, Mmu = rows.Measurement.Mmu, Run = rows.Measurement.Run,
                Invariant = Evil, Claim = Evil, What = Evil,
                Events = [new ViolationEvent { Actor = Evil, Kind = Evil, Detail = Evil, Root = Evil }],
            }],
        });

        string html = HtmlPage.Render(RunReport.Of(new RunStore(_temporary.Path).Open(folder.Path)));

        Assert.DoesNotContain("<script>alert", html);
        Assert.Contains("&lt;script&gt;alert(", html);
        _ = Assert.Single(ScriptPattern().Matches(html));
    }

    [GeneratedRegex("<(style|script)>.*?</\\1>", RegexOptions.Singleline)]
    private static partial Regex RawTextPattern();

    [GeneratedRegex("</?(?<name>[a-z][a-z0-9]*)[^>]*>")]
    private static partial Regex TagPattern();

    [GeneratedRegex("<p class=\"verdict[^>]*>(?<text>.*?)</p>")]
    private static partial Regex VerdictPattern();

    [GeneratedRegex("<script")]
    private static partial Regex ScriptPattern();
}
