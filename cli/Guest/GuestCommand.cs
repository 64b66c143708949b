using System.CommandLine;
using Lab.Application;
using Lab.Application.Guests;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Settings;

namespace Lab.Cli.Guest;

/// <summary><c>lab guest</c>: any command of the lab, under a kernel that is booted for it.</summary>
internal static class GuestCommand
{
    public static Command Build(LabConsole console)
    {
        Argument<string[]> rest = new("command")
        {
            Description = "behind --, a command of the lab as it would be typed here, as in -- --mmu kvm; behind another --, one "
                + "more",
            Arity = ArgumentArity.ZeroOrMore,
        };
        SettingOptions options = new(GuestSettings.Group.Settings);
        Command command = new("guest", "any command of the lab, under a kernel that is booted for it");
        command.Arguments.Add(rest);
        command.Subcommands.Add(GuestTrace.Build(console));
        options.AddTo(command);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            GuestRequest request = Request(options.Read(parsed), parsed.GetValue(rest) ?? []);
            console.Signals.Saves("the lab in the guest is being asked to save what it has");
            GuestOutcome outcome = new GuestRun(request, console.Error.WriteLine).Execute(console.Signals.Token);
            console.Out.Write(outcome.Output);
            console.Out.Flush();
            foreach (string run in outcome.Runs) WriteReport(run, console);
            return Code(outcome, console);
        }));
        return command;
    }

    internal static GuestRequest Request(SettingValues values, IReadOnlyList<string> arguments)
    {
        if (values.Of(GuestSettings.Out).Length == 0)
        {
            throw new UsageException("--out is empty; name a folder for what comes back.");
        }
        if (arguments.Any(word => word == "--out" || word.StartsWith("--out=", StringComparison.Ordinal)))
        {
            throw new UsageException("--out of the command in the guest would lie in the guest; write it before --.");
        }
        if (arguments is ["guest", ..]) throw new UsageException("A guest in a guest is not for lab guest; leave out the inner.");
        return new GuestRequest
        {
            Kernel = values.Of(GuestSettings.Kernel),
            Out = values.Of(GuestSettings.Out),
            Commands = Split(arguments),
            Processor = values.Of(GuestSettings.Processor),
            Cpus = values.Of(GuestSettings.Cpus),
            MemoryBytes = values.Of(GuestSettings.Memory),
            Limit = values.Of(GuestSettings.Limit),
        };
    }

    /// <summary>Each further -- begins another command.</summary>
    private static IReadOnlyList<IReadOnlyList<string>> Split(IReadOnlyList<string> arguments)
    {
        List<List<string>> commands = [[]];
        foreach (string word in arguments)
        {
            if (word == "--") commands.Add([]);
            else commands[^1].Add(word);
        }
        return commands;
    }

    /// <summary>Figures and page, which the guest leaves to the host.</summary>
    internal static void WriteReport(string run, LabConsole console)
    {
        try
        {
            RunRecord record = new RunStore(Path.GetDirectoryName(run)!).Open(run);
            console.Error.WriteLine($"run folder: {run}");
            Figures.WriteAll(record, run);
            string report = Path.Combine(run, "report.html");
            HtmlPage.Save(RunReport.Of(record), report);
            console.Error.WriteLine($"report:     {report}");
        }
        catch (Exception error) when (error is RunDamagedException or RunNotFoundException)
        {
            console.Error.WriteLine($"note: {error.Message}");
        }
    }

    /// <summary>What a guest's end is worth, and what is to be said of it.</summary>
    internal static int Code(GuestOutcome outcome, LabConsole console)
    {
        foreach (KernelComplaint complaint in outcome.Complaints)
        {
            console.Error.WriteLine($"the kernel complained:");
            console.Error.WriteLine(complaint.Text);
        }
        console.Error.WriteLine($"guest: {outcome.Folder}");
        if (outcome.Failure is { } failure)
        {
            string[] finished = [.. outcome.Runs.Where(HasMeasured)];
            string kept = finished.Length == 0 ? "nothing had been finished"
                : $"what was finished is in {string.Join(", ", finished)}";
            console.Error.WriteLine($"lab: {failure.TrimEnd('.')}; {kept}.");
            return console.Signals.WasHeard ? ExitCode.Interrupted : outcome.HasUnwritten ? ExitCode.Usage : ExitCode.GuestEnded;
        }
        return Worst([outcome]);
    }

    /// <summary>Whether a measurement was finished in that run.</summary>
    private static bool HasMeasured(string run)
    {
        try
        {
            return new RunStore(Path.GetDirectoryName(run)!).Open(run).Manifest.Measurements.Count > 0;
        }
        catch (Exception error) when (error is RunDamagedException or RunNotFoundException)
        {
            return false;
        }
    }

    /// <summary>A finding wherever it is, else of the first command that did not end well. What a kernel complained of is a
    /// finding whatever the lab says.</summary>
    internal static int Worst(IReadOnlyList<GuestOutcome> outcomes)
    {
        int[] codes = [.. outcomes.SelectMany(outcome => outcome.Codes)];
        return codes.Contains(ExitCode.InvariantViolated) || outcomes.Any(outcome => outcome.Complaints.Count > 0)
            ? ExitCode.InvariantViolated : codes.FirstOrDefault(one => one != ExitCode.Fine);
    }
}
