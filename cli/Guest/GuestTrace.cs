using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Conformance;
using Lab.Application.Guests;
using Lab.Cli.Options;
using Lab.Hardware;
using Lab.Measure;
using Lab.Report.Guests;
using Lab.Results;
using Lab.Settings;

namespace Lab.Cli.Guest;

/// <summary><c>lab guest trace</c>: what a kernel does with the roots of a VM, event by event, and whether a strategy or another
/// kernel does the same.</summary>
internal static class GuestTrace
{
    /// <summary>Below the folder of results.</summary>
    internal const string Folder = "traces";

    public static Command Build(LabConsole console)
    {
        SettingOptions options = new(GuestSettings.Group.Settings);
        Option<string> operation = SettingOptions.Text("--operation", "what is done to the VM: delete, move, flags or reset",
            "delete");
        Option<string> other = SettingOptions.Text("--as", "strategy, or file with the trace of another kernel, to compare with",
            "");
        Option<bool> here = new("--here") { Description = "trace this kernel, without a guest; needs root" };
        Command command = new("trace", "what a kernel does with roots: order, counts, references");
        options.AddTo(command);
        command.Options.Add(operation);
        command.Options.Add(other);
        command.Options.Add(here);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            RootOperation what = Names.Choice("--operation", parsed.GetValue(operation)!,
                [.. Enum.GetValues<RootOperation>().Select(one => (one.ToString().ToLowerInvariant(), one))]);
            string comparedWith = parsed.GetValue(other)!;
            RefuseUnknown(comparedWith);
            SettingValues values = options.Read(parsed);
            if (!parsed.GetValue(here)) return InGuest(values, what, comparedWith, console);
            Print(Record(what, values.Of(GuestSettings.Out), console), what, comparedWith, console, out bool isSame);
            return isSame ? ExitCode.Fine : ExitCode.InvariantViolated;
        }));
        return command;
    }

    /// <summary>Boots a kernel, traces it there, and returns the file of the trace; null where the guest left none, which has
    /// been said.</summary>
    internal static string? Trace(GuestRequest request, RootOperation what, LabConsole console, out GuestOutcome outcome)
    {
        string[] command = ["guest", "trace", "--here", "--operation", what.ToString().ToLowerInvariant()];
        console.Signals.Saves("the guest is being asked to end");
        outcome = new GuestRun(request with { Commands = [command] }, console.Error.WriteLine).Execute(console.Signals.Token);
        string file = Path.Combine(request.Out, Folder, FileName(outcome.Kernel ?? "", what));
        return outcome.Failure is null && outcome.Codes is [ExitCode.Fine] && File.Exists(file) ? file : null;
    }

    private static int InGuest(SettingValues values, RootOperation what, string comparedWith, LabConsole console)
    {
        string? file = Trace(GuestCommand.Request(values, []), what, console, out GuestOutcome outcome);
        int code = GuestCommand.Code(outcome, console);
        if (file is null) return code;
        Print(file, what, comparedWith, console, out bool isSame);
        return code != ExitCode.Fine ? code : isSame ? ExitCode.Fine : ExitCode.InvariantViolated;
    }

    private static string Record(RootOperation what, string results, LabConsole console)
    {
        (IReadOnlyList<string> lines, IReadOnlyList<string> notes) = RootScenario.Record(what, "/dev/kvm");
        foreach (string note in notes) console.Error.WriteLine($"note: {note}");
        string file = Path.Combine(results, Folder, FileName(EnvironmentFingerprint.Read().Kernel, what));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllLines(file, lines);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(results, refused);
        }
        return file;
    }

    private static void Print(string file, RootOperation what, string comparedWith, LabConsole console, out bool isSame)
    {
        console.Error.WriteLine($"trace: {file}");
        isSame = true;
        if (comparedWith.Length == 0) return;
        ConformanceVerdict verdict = Compare(file, what, comparedWith);
        console.Text.Write(ConformanceReport.Of(verdict));
        isSame = verdict.IsSame;
    }

    internal static ConformanceVerdict Compare(string file, RootOperation what, string comparedWith)
    {
        string name = Path.GetFileName(file);
        try
        {
            string[] lines = File.ReadAllLines(file);
            return File.Exists(comparedWith)
                ? RootConformance.WithTrace(name, lines, Path.GetFileName(comparedWith), File.ReadAllLines(comparedWith))
                : RootConformance.WithStrategy(name, lines, what, comparedWith);
        }
        catch (FormatException error)
        {
            throw new UsageException($"A trace cannot be read: {error.Message}.");
        }
    }

    private static void RefuseUnknown(string comparedWith)
    {
        if (comparedWith.Length == 0 || File.Exists(comparedWith)) return;
        _ = Names.Find("strategy, or file with a trace,", comparedWith,
            [.. new LabCatalogue().Strategies.Where(one => one is { NeedsKernel: false, IsBound: false })], one => one.Name);
    }

    internal static string FileName(string kernel, RootOperation what) =>
        $"{kernel}-{what.ToString().ToLowerInvariant()}.txt";
}
