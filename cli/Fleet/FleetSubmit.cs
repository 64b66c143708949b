using System.CommandLine;
using System.Diagnostics;
using Lab.Application;
using Lab.Application.Fleet;
using Lab.Application.Measuring;
using Lab.Cli.Options;
using Lab.Report.Fleet;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary><c>lab fleet submit</c>: hands the units that have no answer to an engine.</summary>
internal static class FleetSubmit
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1), Tell = TimeSpan.FromSeconds(30);

    public static Command Build(LabConsole console)
    {
        Argument<string> plan = FleetCommand.Plan();
        Option<string> engine = SettingOptions.Text("--engine", "local: processes on this machine; slurm: array jobs", "local");
        Option<bool> wait = new("--wait") { Description = "stay until all is done" };
        Option<bool> dry = new("--dry-run") { Description = "print what would be run, and run nothing" };
        Option<bool> failed = new("--failed") { Description = "those that failed, too" };
        Option<string> jobs = SettingOptions.Text("--jobs", "units at the same time; by default as many as nodes, here one, and "
            + "shards as many as cores", "");
        Option<string> partition = SettingOptions.Text("--partition", "Slurm's partition", "");
        Option<string> constraint = SettingOptions.Text("--constraint", "features that Slurm's nodes must have", "");
        Command command = new("submit", "hand the units to an engine");
        command.Arguments.Add(plan);
        foreach (Option option in (Option[])[engine, wait, dry, failed, jobs, partition, constraint]) command.Options.Add(option);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            PlanFolder folder = PlanFolder.Open(parsed.GetValue(plan)!);
            int atOnce = parsed.GetValue(jobs) is { Length: > 0 } text ? Quantities.Whole("--jobs", text, 1, 10_000) : 0;
            bool isLocal = Names.Choice("--engine", parsed.GetValue(engine)!, ("local", true), ("slurm", false));
            bool waits = parsed.GetValue(wait);
            IReadOnlyList<string> self = Program();
            IFleetEngine chosen = isLocal
                ? new LocalEngine(SelfProcess.Start, atOnce > 0 ? atOnce
                    : folder.Plan.Kind == UnitKind.Shard ? Environment.ProcessorCount : 1, console.Error.WriteLine,
                    console.Signals.Token)
                : new SlurmEngine(new SlurmWishes(self, atOnce, OrNull(parsed.GetValue(partition)),
                    OrNull(parsed.GetValue(constraint)), [.. folder.Drained(UnitWorker.UnfitMax).Select(host => host.Host)]),
                    console.Error.WriteLine);
            Settle(folder, console);
            IReadOnlyList<int> open = Open(folder, parsed.GetValue(failed), console);
            if (parsed.GetValue(dry))
            {
                console.Out.WriteLine(chosen.Describe(folder, open));
                return ExitCode.Fine;
            }
            if (open.Count > 0 && isLocal && !waits)
            {
                string[] number = atOnce > 0 ? ["--jobs", $"{atOnce}"] : [], too = parsed.GetValue(failed) ? ["--failed"] : [];
                Leave(folder, [.. self, "fleet", "submit", folder.Path, "--wait", .. number, .. too]);
                console.Error.WriteLine($"{Plural.Of(open.Count, "unit")} are being done; "
                    + $"'lab fleet status {ShellText.Of(folder.Path)}' says how far");
                return ExitCode.Fine;
            }
            console.Signals.Saves("the units that run are being given up");
            while (true)
            {
                int[] damaged = [.. open.Where(unit => IsDamaged(folder, unit))];
                if (open.Count > 0) chosen.Submit(folder, open);
                if (!waits) return ExitCode.Fine;
                int code = Await(folder, damaged, chosen, console);
                // What the units have taught may make some of them void, which takes a few rounds at most.
                Settle(folder, console);
                open = code == ExitCode.Fine ? Open(folder, failedToo: false, console) : [];
                if (open.Count == 0) return code;
            }
        }));
        return command;
    }

    private static void Settle(PlanFolder plan, LabConsole console)
    {
        if (plan.Plan.Kind == UnitKind.Shard) Gathered.Settled(plan, console.Error.WriteLine);
    }

    /// <summary>Those that are damaged look done until somebody begins them again.</summary>
    private static int Await(PlanFolder plan, int[] damaged, IFleetEngine engine, LabConsole console)
    {
        Stopwatch told = Stopwatch.StartNew();
        bool IsOpen(UnitListing unit) => unit.State is UnitState.Missing or UnitState.Running
            || (unit.State == UnitState.Done && damaged.Contains(unit.Number) && IsDamaged(plan, unit.Number));
        while (plan.List().Any(IsOpen) && engine.IsAtWork(plan)
            && !console.Signals.Token.WaitHandle.WaitOne(Look))
        {
            if (told.Elapsed < Tell) continue;
            told.Restart();
            FleetStatusJson now = FleetStatus.Of(plan);
            console.Error.WriteLine($"{now.Done} of {now.Units} done, {now.Running} running, {now.Failed} failed");
        }
        if (console.Signals.Token.IsCancellationRequested) return ExitCode.Interrupted;
        FleetStatusJson end = FleetStatus.Of(plan);
        console.Error.WriteLine($"{end.Done} of {end.Units} done"
            + (end.Done == end.Units ? $"; 'lab fleet gather {ShellText.Of(plan.Path)}'"
                : $"; 'lab fleet status {ShellText.Of(plan.Path)}' says what is missing"));
        return end.Done == end.Units ? ExitCode.Fine : ExitCode.Incomplete;
    }

    /// <summary>Units to hand out, also those whose result is damaged; one whose own file is cannot be done.</summary>
    private static List<int> Open(PlanFolder plan, bool failedToo, LabConsole console)
    {
        List<int> open = [];
        foreach (UnitListing unit in plan.List())
        {
            try
            {
                bool isOpen = unit.State == UnitState.Missing || (failedToo && unit.State == UnitState.Failed)
                    || (unit.State == UnitState.Done && IsDamaged(plan, unit.Number));
                if (!isOpen) continue;
                plan.ReadUnit(unit.Number);
                open.Add(unit.Number);
            }
            catch (RunDamagedException damaged)
            {
                console.Error.WriteLine($"note: {FleetCommand.Told(unit.Number, damaged)}; left out.");
            }
        }
        return open;
    }

    /// <summary>Whether there is a result that says nothing.</summary>
    private static bool IsDamaged(PlanFolder plan, int unit)
    {
        try
        {
            if (Directory.Exists(plan.ResultFolder(unit))) plan.ReadResult(unit);
            return false;
        }
        catch (RunDamagedException)
        {
            return true;
        }
    }

    /// <summary>Goes on without the terminal; what is said goes to a file of the plan.</summary>
    private static void Leave(PlanFolder plan, IReadOnlyList<string> words)
    {
        ProcessStartInfo start = new("setsid", ["sh", "-c", "exec \"$@\" < /dev/null >> \"$0\" 2>&1",
            Path.Combine(plan.Path, "submit.log"), .. words]) { UseShellExecute = false };
        using Process process = Process.Start(start)!;
    }

    private static IReadOnlyList<string> Program() => SelfProcess.Start([]) is { } start
        ? [start.FileName, .. start.ArgumentList]
        : throw new UsageException("lab fleet cannot find its own program; start it with 'dotnet lab.dll fleet'.");

    private static string? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
