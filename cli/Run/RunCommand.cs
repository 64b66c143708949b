using System.Globalization;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Comparing;
using Lab.Application.Measuring;
using Lab.Application.Settings;
using Lab.Hardware;
using Lab.Measure;
using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Strategies;
using Lab.Time;
using Lab.Watch;
using Lab.Workloads;
using Spectre.Console;

namespace Lab.Cli.Run;

/// <summary><c>lab run</c>: measures every strategy on every workload, runs interleaved, writes the run folder after each
/// measurement, and prints table, verdicts and where the results are.</summary>
internal sealed class RunCommand(RunRequest request, IReadOnlyList<string> commandLine, LabConsole console)
{
    /// <summary>Of a command that is interrupted before its folder is there.</summary>
    internal const string NothingYet = "nothing had been measured yet, and nothing is left behind";

    private const long RehearsalMemory = 16L << 20;
    private static readonly TimeSpan RehearsalLength = TimeSpan.FromMilliseconds(150);

    private KernelTraceScope? _trace = request.TraceScope;
    private Watcher? _watcher;
    private readonly StoppedTurns? _turns = request.Turn is { } length ? new StoppedTurns(length) : null;

    private sealed record Planned(Subject Strategy, WorkloadEntry Workload, int Run);

    /// <exception cref="ResultsUnwritableException">The folder cannot be written; nothing half-written is left.</exception>
    public int Execute(CancellationToken cancellation)
    {
        console.Signals.HasNothing(NothingYet);
        IReadOnlyList<Planned> plan = Plan();
        // Before anything is written: what it stands on may not be there.
        using IHardwareHost? host = request.Hardware is { } hardware ? HardwareHosts.Open(request.Mmu, hardware) : null;
        string? Refusal(Planned one) =>
            host?.MissingFor(one.Strategy.SlotUpdates) is { } missing ? $"{one.Strategy.Name} needs {missing}." : null;
        IReadOnlyList<string> refusals = [.. plan.Select(Refusal).OfType<string>().Distinct()];
        plan = [.. plan.Where(one => Refusal(one) is null)];
        if (plan.Count == 0) throw new HardwareUnavailableException(refusals[0]);
        bool waits = request.Values.Of(QuietSettings.Declared.WaitQuiet) > TimeSpan.Zero;
        if (waits && !AwaitQuiet(cancellation))
        {
            console.Error.WriteLine($"lab: interrupted: {NothingYet}.");
            return ExitCode.Interrupted;
        }
        string? unwatched = null;
        using Watcher? watcher = request.Values.Of(RunSettings.Watch) ? Watcher.TryStart(SelfProcess.Start, out unwatched) : null;
        _watcher = watcher;
        IReadOnlyList<string> warnings = [.. Warnings(), .. unwatched is null ? (string[])[] : [unwatched],
            .. refusals.Select(refusal => $"left out: {refusal}"), .. host?.Notes ?? [], .. TraceRefusal()];
        Manifest manifest = Manifest(warnings);
        console.Signals.Saves("the run is being given up");
        RunFolder folder = RunFolder.Create(request.Out, manifest);
        console.Signals.Saves($"what was measured is being saved in '{folder.Path}'");
        foreach (string warning in warnings) console.Error.WriteLine($"note: {warning}");
        if (!waits && request.Turn is null) AwaitQuiet(cancellation);

        bool hung = false, starved = false;
        try
        {
            TimeSpan each = request.Window.Duration + request.Window.WarmupMinimum;
            new RunProgress(console).Each(
                plan, one => $"{one.Workload.Name} {one.Strategy.Name} run {one.Run}", each, (one, observer) =>
                {
                    HangReport? found = Measure(folder, one, host, observer, cancellation);
                    hung = found is { IsStarved: false };
                    starved |= found is { IsStarved: true };
                    return !hung && !cancellation.IsCancellationRequested;
                });
        }
        catch (Exception error)
        {
            folder.Abandon(error switch
            {
                ResultsUnwritableException => "results could not be written",
                InsufficientMemoryException => "out of memory",
                ActorFailedException => "an actor failed",
                _ => "internal error",
            });
            throw;
        }

        bool interrupted = cancellation.IsCancellationRequested && !hung;
        if (hung) folder.Partial("watchdog");
        else if (interrupted) folder.Partial("interrupted");
        else if (starved) folder.Partial("starved");
        else folder.Complete();
        if (request.SaveBaseline is { } name) SavedBaseline.Save(name, folder, request.Out, console);
        return Report(folder, interrupted);
    }

    /// <summary>Says what the doctor would of others at work, and waits if asked to; false if it was interrupted.</summary>
    private bool AwaitQuiet(CancellationToken cancellation)
    {
        MachineFiles files = new();
        new BusyMachine(() => BusyMachine.Against(files), length => cancellation.WaitHandle.WaitOne(length),
            note => console.Error.WriteLine($"note: {note}"))
            .Await(request.Values.Of(QuietSettings.Declared.WaitQuiet), cancellation);
        return !cancellation.IsCancellationRequested;
    }

    /// <summary>Runs outermost, strategies innermost, every other round in reverse: drift of the machine hits all
    /// alike.</summary>
    private List<Planned> Plan()
    {
        List<Planned> plan = [];
        for (int run = 1; run <= request.Runs; run++)
        {
            foreach (WorkloadEntry workload in request.Workloads)
            {
                IEnumerable<Subject> order = run % 2 == 1 ? request.Strategies : request.Strategies.Reverse();
                plan.AddRange(
                    order.Where(strategy => workload.Takes(strategy, request.Mmu))
                        .Select(strategy => new Planned(strategy, workload, run)));
            }
        }
        return plan;
    }

    /// <summary>Null unless it was given up by the watchdog.</summary>
    private HangReport? Measure(
        RunFolder folder, Planned one, IHardwareHost? host, IWindowObserver? observer, CancellationToken cancellation)
    {
        RunRequest seeded = request with { Parameters = request.Parameters with { Seed = request.Seed + (ulong)(one.Run - 1) } };
        // Where times mean nothing, neither does when something is compiled.
        MeasurementOutcome? rehearsed =
            one.Run == 1 && !EmulatedProcessor.IsHere() ? Rehearse(one, seeded, host, cancellation) : null;
        RunRequest measured = seeded with { Window = seeded.Window with { Turns = _turns } };
        MeasurementOutcome outcome = rehearsed
            ?? new OneMeasurement(one.Strategy, one.Workload, measured, host, _trace, _watcher).Run(observer, cancellation);
        using MeasuredRun window = outcome.Window;
        bool interrupted = cancellation.IsCancellationRequested && window.Interrupted;
        folder.Write(MeasurementRowsOf.Outcome(one.Strategy, one.Workload, request, one.Run, outcome, interrupted));
        if (outcome.Hang is not { } hang) return null;
        console.Error.WriteLine(hang.Headline(one.Strategy.Name, one.Workload.Name));
        foreach (string line in hang.Lines()) console.Error.WriteLine(line);
        return hang;
    }

    /// <summary>Runs the pair once, briefly, on little memory and throws the numbers away, so that what must be compiled is
    /// compiled before the first window. If it hangs or breaks an invariant, that is the outcome: no finding is thrown
    /// away.</summary>
    private MeasurementOutcome? Rehearse(Planned one, RunRequest seeded, IHardwareHost? host, CancellationToken cancellation)
    {
        RunRequest brief = seeded with
        {
            Window = seeded.Window with
            {
                Duration = RehearsalLength, WarmupMinimum = TimeSpan.Zero, WarmupLimit = RehearsalLength,
                SteadyLimit = TimeSpan.Zero,
                Turns = _turns is null ? null : new UncontestedTurns(RehearsalLength / 3),
            },
            Parameters = seeded.Parameters with { MemoryBytes = Math.Min(seeded.Parameters.MemoryBytes, RehearsalMemory) },
        };
        if (brief.Parameters.MemoryBytes % (4096 * (long)Lab.Mmu.Gfn.FramesPerSpte(brief.Vm.LeafLevel)) != 0) return null;
        MeasurementOutcome outcome = new OneMeasurement(one.Strategy, one.Workload, brief, host, _trace).Run(null, cancellation);
        if (outcome.Hang is { } hang) return outcome with { Hang = hang.InRehearsal() };
        if (outcome.ViolationCount > 0) return outcome;
        outcome.Window.Dispose();
        return null;
    }

    private int Report(RunFolder folder, bool interrupted)
    {
        RunRecord record = new RunStore(request.Out).Open(folder.Path);
        // What was measured is out before anything can fail that only draws it.
        Print(record, request.Values.Of(RunSettings.Format), console);
        int code = Code(record, interrupted, request.Values.Of(RunSettings.Strict));
        new RunAnnouncement(folder.Path, record.State.ToString().ToLowerInvariant(), code).Send();
        if (request.Values.Of(RunSettings.Figures)) Draw(record, console);
        return code;
    }

    /// <summary>What was measured, on standard output, and where it is.</summary>
    internal static void Print(RunRecord record, OutputFormat format, LabConsole console)
    {
        RunReport.Output(record).Print(format, console.Text, console.Out);
        console.Out.Flush();
        console.Loss?.Kept("run", record.Folder);
        console.Error.WriteLine($"run folder: {record.Folder}");
    }

    /// <summary>Figures and page.</summary>
    internal static void Draw(RunRecord record, LabConsole console)
    {
        Lab.Plots.Figures.WriteAll(record, record.Folder);
        string report = Path.Combine(record.Folder, "report.html");
        HtmlPage.Save(RunReport.Of(record), report);
        console.Error.WriteLine($"report:     {report}");
    }

    /// <summary>What the run ends with.</summary>
    internal static int Code(RunRecord record, bool interrupted, bool isStrict)
    {
        if (record.Manifest.Measurements.Any(one => one.Verdict is Verdict.Violated or Verdict.Hung))
        {
            return ExitCode.InvariantViolated;
        }
        if (interrupted) return ExitCode.Interrupted;
        if (record.Manifest.Measurements.Any(one => one.Verdict is Verdict.Starved or Verdict.Unmeasured))
        {
            return ExitCode.Contaminated;
        }
        return isStrict && Contamination.Of(record).Count > 0 ? ExitCode.Contaminated : ExitCode.Fine;
    }

    /// <summary>Said once for the run, which then goes untraced, rather than with every measurement.</summary>
    private IEnumerable<string> TraceRefusal()
    {
        if (_trace is not { } scope || TracedWindow.WhyNot(scope) is not { } refusal) yield break;
        _trace = null;
        yield return refusal;
    }

    private List<string> Warnings()
    {
        List<string> warnings = [];
        int cores = MachineLimits.Read().UsableCores;
        if (request.Vm.Vcpus + 1 > cores && request.Workloads.Any(workload => workload.Offers(WorkloadOffers.VcpuThreads)))
        {
            string fits = cores > 1 ? $" (--vcpus {cores - 1} fits)" : "";
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"{Plural.Of(request.Vm.Vcpus, "vCPU")} and an updater share {Plural.Of(cores, "core")}: latencies include "
                    + $"waiting for a core{fits}; contention at high vCPU counts cannot be shown here."));
        }
        ClockInfo clock = Clock.Default.Info;
        if (clock.Source != ClockSource.Tsc) warnings.Add(clock.Note);
        if (request.Parameters is { Trace: { } trace } && !request.Values.Of(VmmTraceReplay.AtFullSpeed)
            && trace.Calls[^1].AtNanoseconds > request.Window.Duration.TotalNanoseconds)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"{trace.Name} takes {trace.Calls[^1].AtNanoseconds / 1e9:0.0} s with its own timing: a shorter window sees only "
                    + $"part of it; use --duration or --speed max."));
        }
        if (request.Parameters.RatePerSecond == 0)
        {
            warnings.Add("closed loop: an update starts when the one before has ended, so a slow one delays those behind it "
                + "unseen; --rate measures from the intended start.");
        }
        return warnings;
    }

    private Manifest Manifest(IReadOnlyList<string> warnings)
    {
        EnvironmentFingerprint machine = EnvironmentFingerprint.Read(AppContext.BaseDirectory);
        ClockInfo clock = Clock.Default.Info;
        return new Manifest
        {
            CommandLine = commandLine,
            Seed = request.Seed,
            GitCommit = machine.Commit,
            GitDirty = machine.Commit is null ? null : WorkTree.IsDirty(AppContext.BaseDirectory),
            Machine = ThisMachine.Facts(machine) with
            {
                Facts = DoctorFindings.Cheap((request.Hardware ?? new HardwareSettings()).KvmDevice).ToDictionary(
                    fact => fact.Name, fact => fact.Value),
            },
            Runtime = ThisMachine.Runtime(machine),
            Clock = ThisMachine.Facts(clock),
            Settings = request.Describe(),
            Warnings = warnings,
        };
    }
}
