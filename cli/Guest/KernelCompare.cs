using System.Globalization;
using Lab.Application.Guests;
using Lab.Application.Settings;
using Lab.Hardware;
using Lab.Report.Documents;
using Lab.Report.Guests;
using Lab.Results;
using Lab.Settings;
using Lab.Workloads;

namespace Lab.Cli.Guest;

/// <summary>What is asked of <c>lab compare --kernel</c>.</summary>
/// <param name="Kernels">As they were named.</param>
/// <param name="OfRun">Settings of the run, as typed.</param>
/// <param name="Folder">For what comes back.</param>
/// <param name="Processor">Of the guests.</param>
/// <param name="Format">Of standard output.</param>
internal sealed record KernelsToCompare(IReadOnlyList<string> Kernels, IReadOnlyList<string> OfRun, string Folder,
    ProcessorChoice Processor, OutputFormat Format);

/// <summary><c>lab compare --kernel A --kernel B</c>: each kernel is booted, counted and traced; one report says what the second
/// does otherwise.</summary>
internal static class KernelCompare
{
    /// <summary>Windows long enough that there are updates to count by where the processor is emulated on a busy
    /// machine.</summary>
    private static readonly (string Option, string Value)[] Unsaid =
        [("--workload", string.Join(',', MemslotChurn.Name, FaultStorm.Name)), ("--duration", "5s")];

    public static int Execute(KernelsToCompare asked, LabConsole console)
    {
        (IReadOnlyList<string> kernels, IReadOnlyList<string> ofRun, string folder, ProcessorChoice processor, _) = asked;
        if (kernels.Count != 2) throw new UsageException("--kernel compares two kernels: give it twice.");
        string stamp = DateTimeOffset.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string root = Path.Combine(folder, $"{stamp}-{Random.Shared.GetHexString(6, lowercase: true)}");
        string[] unsaid = [.. Unsaid.Where(one => !ofRun.Contains(one.Option))
            .SelectMany(one => (string[])[one.Option, one.Value])];
        List<MeasuredKernel> measured = [];
        foreach ((int index, string kernel) in kernels.Index())
        {
            console.Error.WriteLine($"kernel {index + 1} of {kernels.Count}: {kernel}");
            GuestRequest request = new()
            {
                Kernel = kernel,
                Out = Path.Combine(root, index == 0 ? "a" : "b"),
                Commands = KernelComparison.Commands([.. unsaid, .. ofRun]),
                Processor = processor,
            };
            console.Signals.Saves($"what was finished is being kept in '{root}'");
            MeasuredKernel one = Measure(request, console);
            if (one.Outcome is { Failure: not null, Complaints.Count: 0 }) return GuestCommand.Code(one.Outcome, console);
            measured.Add(one);
        }
        KernelComparison comparison = new(measured);
        Print(comparison, root, asked.Format, console);
        return GuestCommand.Worst([.. measured.Select(one => one.Outcome)]);
    }

    private static void Print(KernelComparison comparison, string root, OutputFormat format, LabConsole console)
    {
        Document document = KernelComparisonReport.Of(comparison);
        new Output(() => document, csv => KernelComparisonRecords.WriteCsv(comparison, root, csv),
            () => Records.Json(KernelComparisonRecords.Of(comparison, root))).Print(format, console.Text, console.Out);
        console.Out.Flush();
        if (format is OutputFormat.Csv or OutputFormat.Json)
        {
            foreach (Prose sentence in document.Answer) console.Error.WriteLine($"note: {sentence.Text}");
        }
        string page = Path.Combine(root, "report.html");
        HtmlPage.Save(document, page);
        console.Error.WriteLine($"report: {page}");
    }

    private static MeasuredKernel Measure(GuestRequest request, LabConsole console)
    {
        GuestOutcome outcome = new GuestRun(request, console.Error.WriteLine).Execute(console.Signals.Token);
        List<RunRecord> runs = [];
        foreach (string run in outcome.Runs)
        {
            GuestCommand.WriteReport(run, console);
            runs.Add(new RunStore(Path.GetDirectoryName(run)!).Open(run));
        }
        Dictionary<RootOperation, string> traces = [];
        foreach (RootOperation what in KernelComparison.Traced)
        {
            string file = Path.Combine(request.Out, GuestTrace.Folder, GuestTrace.FileName(outcome.Kernel ?? "", what));
            if (File.Exists(file)) traces.Add(what, file);
        }
        return new MeasuredKernel(request.Kernel, outcome, runs, traces);
    }
}
