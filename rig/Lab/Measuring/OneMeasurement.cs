using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Hardware;
using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;
using Lab.Strategies;
using Lab.Watch;
using Lab.Workloads;

namespace Lab.Application.Measuring;

/// <summary>A named number of one actor, or of the whole VM if the actor is empty.</summary>
public sealed record CounterValue(string Actor, string Name, string Unit, double Value);

/// <summary>What one measurement gave: the window's recorders, the oracles' findings, the counters.</summary>
public sealed record MeasurementOutcome(MeasuredRun Window, IReadOnlyList<Lab.Mmu.Violation> Violations, int ViolationCount,
    IReadOnlyList<CounterValue> Counters, IReadOnlyList<KernelEvents> KernelEvents, IReadOnlyList<string> Notes, HangReport? Hang)
{
    /// <summary>What disturbed it, as a second process saw it; null if none looked.</summary>
    public Watched? Watched { get; init; }
}

/// <summary>Measures one strategy on one workload once: makes the VMs, runs the actors through the window, destroys, asks the
/// oracles. Traces KVM if there is a scope, and is watched if there is a watcher.</summary>
public sealed class OneMeasurement(
    Subject strategy, WorkloadEntry workload, RunRequest request, IHardwareHost? host, KernelTraceScope? scope,
    Watcher? watcher = null)
{
    /// <summary>What <c>--inject</c> makes longer.</summary>
    private const string SlowedMetric = "update";

    private const string SetUp = "set-up", TearDown = "tear-down";

    /// <exception cref="ActorFailedException">An actor threw, and the lab is at fault. What a strategy threw is a
    /// violation.</exception>
    public MeasurementOutcome Run(IWindowObserver? observer, CancellationToken cancellation) =>
        strategy.Needs == StrategyNeeds.OneThread
            ? Run<OneThread>(observer, cancellation)
            : Run<Metal>(observer, cancellation);

    private MeasurementOutcome Run<TMachine>(IWindowObserver? observer, CancellationToken cancellation)
        where TMachine : struct, IMachine
    {
        VmDesign<TMachine> design = strategy.Design<TMachine>(host is null ? null : vm => host.NewMmu(vm, strategy.SlotUpdates));
        VmSource<TMachine> source = new(() => new Vm<TMachine>(default, request.Vm, design));
        WorkloadParameters parameters = request.Parameters with { EmptyGuest = strategy.Needs == StrategyNeeds.EmptyGuest };
        // A fast zap may have to wait for thousands of roots that puts queued (I33), a lock for all that are before it: slow, and
        // not hung while any of that moves.
        long Happenings() => Actor.All().Sum(actor => actor.Doings)
            + source.Alive.Sum(vm => vm.WorkQueues.Sum(queue => queue.Executed));
        Workload<TMachine>? instance = null;
        Standstill? stoodAtOnce = DoWatched(SetUp, source, Happenings, () => instance = workload.Create(source, parameters),
            out Exception? thrown, cancellation);
        if (instance is null)
        {
            if (thrown is not null and not OperationCanceledException) Blame(source, new ActorFailure(SetUp, thrown));
            return new MeasurementOutcome(MeasuredRun.NeverBegun(cancellation.IsCancellationRequested), source.Violations,
                source.ViolationCount, [], [], [], stoodAtOnce is null ? null : HangReport.Take(stoodAtOnce));
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using GuestEvictor evictor = new(host, stop.Token);
        using TracedWindow traced = new(scope);
        using WindowEdges edges = new(() => host?.KernelCounters() ?? [], request.CountsThreads, traced);
        StopOnViolation watch = new(() => source.ViolationCount + source.WorkerFailures.Count, stop, edges, observer);
        double inject = request.Values.Of(RunSettings.Inject);
        bool takesTurns = strategy.Needs == StrategyNeeds.OneThread;
        IDriver driver = takesTurns ? new TakingTurns(strategy.Name) : new ThreadPerActor();
        watcher?.Begin();
        WindowSettings settings = request.Window with
        {
            OthersProgress = Happenings,
            Companions = watcher is null ? [] : [watcher.ProcessId],
            Injection = inject > 0 ? new Injection(SlowedMetric, inject) : null,
        };
        MeasuredRun window = driver.Run(instance.Actors, settings, watch, stop.Token);
        string? unwatched = null;
        Watched? watched = watcher?.End(out unwatched);
        ActorFailure[] failures =
            [.. window.Failures, .. source.WorkerFailures.Select(one => new ActorFailure(one.Worker, one.Thrown))];
        foreach (ActorFailure failure in failures) Blame(source, failure);

        List<CounterValue> counters =
            [.. takesTurns ? [] : CountersOf(instance.Actors, window.StoppedSeconds), .. WorkerCounters(instance.Actors)];
        counters.AddRange(ThreadCounters(window));
        counters.AddRange(edges.Counters);
        traced.Read(window, request.Window.IntervalCount);
        counters.AddRange(traced.Counters);
        foreach (WorkQueue queue in source.Alive.SelectMany(vm => vm.WorkQueues))
        {
            counters.Add(new CounterValue(queue.Name, "backlog_max", "roots", queue.BacklogMax));
            counters.Add(new CounterValue(queue.Name, "executed", "roots", queue.Executed));
        }
        // Who threw may have left a lock behind, for which others wait: neither is anybody hung, nor can the VM be torn down.
        HangReport? hang = window.Standstill is { } stood && failures.Length == 0 ? HangReport.Take(stood) : null;
        if (window.AbandonedActors.Count > 0) evictor.Start();
        else if (!window.Hung && failures.Length == 0)
        {
            long begin = Stopwatch.GetTimestamp();
            HangReport? tornDown = FinishWatched(instance, source, Happenings);
            hang ??= tornDown;
            counters.Add(new CounterValue("", "finish", "ns", Stopwatch.GetElapsedTime(begin).TotalNanoseconds));
        }
        counters.Add(new CounterValue("", "peak_table_pages", "pages", TablePagesMax(source)));
        counters.Add(new CounterValue("", "vms_made", "count", source.Made));
        if (ProcessMemory.ResidentBytesMax() is { } resident)
        {
            counters.Add(new CounterValue("", "peak_resident", "bytes", resident));
        }
        string[] notes =
        [
            .. instance.Notes, .. edges.Notes, .. traced.Notes, .. watched?.Notes ?? [],
            .. unwatched is null ? (string[])[] : [unwatched],
        ];
        return new MeasurementOutcome(window, source.Violations, source.ViolationCount, counters, traced.Events, notes, hang)
            { Watched = watched };
    }

    /// <summary>Destroys the VMs; a tear-down that never ends is reported like an actor that never moves.</summary>
    private HangReport? FinishWatched<TMachine>(
        Workload<TMachine> instance, VmSource<TMachine> source, Func<long> happenings)
        where TMachine : struct, IMachine
    {
        Standstill? stood = DoWatched(TearDown, source, happenings, () =>
        {
            if (instance.Finish() is { } wrong) source.ReportWrongAnswer(wrong);
        }, out Exception? failure, CancellationToken.None);
        if (failure is not null) Blame(source, new ActorFailure(TearDown, failure));
        return stood is null ? null : HangReport.Take(stood);
    }

    /// <summary>Does what a strategy may never return from on a thread of its own, an actor.</summary>
    private Standstill? DoWatched<TMachine>(string phase, VmSource<TMachine> source, Func<long> happenings, Action work,
        out Exception? failure, CancellationToken cancellation)
        where TMachine : struct, IMachine
    {
        string name = phase == TearDown ? "destroyer" : "maker";
        // Both grow with the memory mapped; the watchdog's time is for standing still.
        TimeSpan limit = request.Window.WatchdogTimeout + TimeSpan.FromSeconds(request.Vm.MemoryBytes / (double)(1L << 30));
        return WatchedWork.Do(name, phase, limit, happenings, () =>
        {
            source.Machine.Enter(name);
            try
            {
                work();
            }
            finally
            {
                Actor.Leave();
            }
        }, out failure, cancellation);
    }

    /// <summary>Books what an actor threw against the strategy whose code did, or is a plugin's, in which case who else should
    /// it be? Want of memory or of the machine is nobody's fault.</summary>
    /// <exception cref="ActorFailedException">The lab's own code threw.</exception>
    private void Blame<TMachine>(VmSource<TMachine> source, ActorFailure failure)
        where TMachine : struct, IMachine
    {
        Exception thrown = failure.Exception;
        while (thrown is TypeInitializationException or TargetInvocationException && thrown.InnerException is { } inner)
        {
            thrown = inner;
        }
        if (thrown is InsufficientMemoryException or HardwareUnavailableException or UsageException)
        {
            ExceptionDispatchInfo.Throw(thrown);
        }
        BlameWhoseCodeItWas(source, failure, thrown);
    }

    // A method of its own: it needs assemblies that a process without descriptors left cannot load.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BlameWhoseCodeItWas<TMachine>(VmSource<TMachine> source, ActorFailure failure, Exception thrown)
        where TMachine : struct, IMachine
    {
        HashSet<Assembly> own = [.. strategy.Members.Select(member => member.Assembly)];
        StackFrame? at = new StackTrace(thrown, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(frame => frame.GetMethod()?.DeclaringType is { } type && own.Contains(type.Assembly));
        if (at is null && own.All(one => one == typeof(Subject).Assembly))
        {
            throw new ActorFailedException(strategy.Name, workload.Name, failure);
        }
        string where = at?.GetFileName() is { } file
            ? string.Create(CultureInfo.InvariantCulture, $" ({Path.GetFileName(file)}, line {at.GetFileLineNumber()})")
            : at?.GetMethod() is { } method ? $" (in {method.DeclaringType!.Name}.{method.Name})" : "";
        source.Report(Invariants.Exception,
            $"{strategy.Name} threw {thrown.GetType()} in {failure.Actor}{where}: {thrown.Message.ReplaceLineEndings(" ")}");
    }

    private static IEnumerable<CounterValue> CountersOf(IEnumerable<WorkloadActor> actors, double stoppedSeconds)
    {
        foreach (WorkloadActor actor in actors)
        {
            if (actor.Counters is not { } counters) continue;
            foreach ((string name, string unit, long value) in counters.Named())
            {
                if (value != 0) yield return new CounterValue(actor.Name, name, unit, value);
            }
            foreach ((string name, string unit, double value) in actor.OwnCounters)
            {
                yield return new CounterValue(actor.Name, name, unit, value);
            }
            if (actor.Role != ActorRole.Vcpu) continue;
            double seconds = Math.Max(1e-9, actor.LoadSeconds - stoppedSeconds);
            yield return new CounterValue(actor.Name, "accesses_per_s", "1/s", counters.Accesses / seconds);
            yield return new CounterValue(actor.Name, "faults_per_s", "1/s", counters.FaultsFixed / seconds);
        }
    }

    /// <summary>What the actors' threads went through inside the window.</summary>
    private static IEnumerable<CounterValue> ThreadCounters(MeasuredRun window)
    {
        foreach (ActorResult actor in window.Actors)
        {
            yield return new CounterValue(actor.Name, "steps", "count", actor.StepCount);
            yield return new CounterValue(actor.Name, "allocated", "bytes", actor.AllocatedBytes);
            if (actor.PinnedCpu is { } cpu) yield return new CounterValue(actor.Name, "pinned_cpu", "number", cpu);
            if (actor.FifoPriority is { } priority)
            {
                yield return new CounterValue(actor.Name, "fifo_priority", "number", priority);
            }
            if (actor.InvoluntarySwitches is { } switches)
            {
                yield return new CounterValue(actor.Name, "involuntary_switches", "count", switches);
            }
        }
        yield return new CounterValue("", "warmup", "ns", window.WarmupSeconds * 1e9);
        yield return new CounterValue("", "gc_pause", "ns", window.Disturbance.GcPauseNanoseconds);
    }

    /// <summary>Threads of the strategy's own, which are still there.</summary>
    private static IEnumerable<CounterValue> WorkerCounters(IReadOnlyList<WorkloadActor> actors)
    {
        HashSet<string> known = [.. actors.Select(actor => actor.Name)];
        foreach (Actor worker in Actor.All())
        {
            if (known.Contains(worker.Name) || worker == Actor.Current) continue;
            foreach ((string name, string unit, long value) in worker.Counters.Named())
            {
                if (value != 0) yield return new CounterValue(worker.Name, name, unit, value);
            }
        }
    }

    private static long TablePagesMax<TMachine>(VmSource<TMachine> source)
        where TMachine : struct, IMachine =>
        Math.Max(source.TablePagesMax, source.Alive.Select(vm => vm.Mmu.TablePagesMax).DefaultIfEmpty().Max());

    /// <summary>Passes progress on, and ends a run whose oracles have spoken: what follows a violation means nothing as a
    /// measurement. A moment is left for its consequences, such as what a guest reads through a translation that should be
    /// gone.</summary>
    private sealed class StopOnViolation(
        Func<int> violations, CancellationTokenSource stop, WindowEdges edges, IWindowObserver? inner) : IWindowObserver
    {
        private static readonly TimeSpan Aftermath = TimeSpan.FromMilliseconds(200);
        private long _seenAt;

        public void OnOpening(IReadOnlyList<ActorThread> actors) => edges.Open(actors);

        public void OnClosed() => edges.Close();

        public void OnProgress(WindowProgress progress)
        {
            if (violations() > 0)
            {
                if (_seenAt == 0) _seenAt = Stopwatch.GetTimestamp();
                else if (Stopwatch.GetElapsedTime(_seenAt) >= Aftermath && !stop.IsCancellationRequested) stop.Cancel();
            }
            inner?.OnProgress(progress);
        }
    }
}

/// <summary>An actor threw instead of working.</summary>
public sealed class ActorFailedException(string strategy, string workload, ActorFailure failure)
    : Exception($"{failure.Actor} failed with {strategy} on {workload}: {failure.Exception.Message}", failure.Exception);
