using System.Runtime;
using Lab.Measure;
using Lab.Mmu;
using Lab.Time;

namespace Lab.Tests.Workloads;

/// <summary>Virtual time in nanoseconds, and whose turn it is.</summary>
internal sealed class Simulation
{
    /// <summary>What each kind of operation takes, in nanoseconds.</summary>
    public const long Word = 2, Atomic = 20, Turn = 100, Interrupt = 1_000, GracePeriod = 10_000;

    public long Now { get; set; } = 1;

    public Actor? Turned { get; set; }

    public void Pass(long nanoseconds) => Now += nanoseconds;
}

/// <summary>One thread on virtual time: words, locks and grace periods as on <see cref="OneThread"/>, each at a fixed price. A
/// step runs in one go, so nobody ever waits for a lock.</summary>
internal readonly struct Simulated(Simulation time) : IMachine
{
    private static OneThread Here => default;

    public Actor Actor => time.Turned ??= Actor.New("set-up");

    public Actor Enter(string name) => time.Turned = Actor.New(name);

    public void Leave()
    {
        time.Turned?.Retire();
        time.Turned = null;
    }

    public long Timestamp() => time.Now;

    public long ThreadTime() => time.Now;

    public ulong Load(ref ulong word) => After(Simulation.Word).Load(ref word);

    public ulong LoadRelaxed(ref ulong word) => After(Simulation.Word).LoadRelaxed(ref word);

    public ulong LoadPlain(ref ulong word) => word;

    public void Store(ref ulong word, ulong value) => After(Simulation.Word).Store(ref word, value);

    public void StoreRelaxed(ref ulong word, ulong value) => After(Simulation.Word).StoreRelaxed(ref word, value);

    public ulong Exchange(ref ulong word, ulong value) => After(Simulation.Atomic).Exchange(ref word, value);

    public ulong CompareExchange(ref ulong word, ulong value, ulong comparand) =>
        After(Simulation.Atomic).CompareExchange(ref word, value, comparand);

    public ulong Add(ref ulong word, ulong addend) => After(Simulation.Atomic).Add(ref word, addend);

    public ulong Or(ref ulong word, ulong bits) => After(Simulation.Atomic).Or(ref word, bits);

    public ulong And(ref ulong word, ulong bits) => After(Simulation.Atomic).And(ref word, bits);

    public void FullFence() => time.Pass(Simulation.Atomic);

    public void Relax(ref Backoff backoff) => After(Simulation.Turn).Relax(ref backoff);

    public void EnterShared(MmuLock mmuLock) => time.Pass(Simulation.Atomic);

    public void ExitShared(MmuLock mmuLock) => time.Pass(Simulation.Atomic);

    public void EnterExclusive(MmuLock mmuLock) => time.Pass(Simulation.Atomic);

    public void ExitExclusive(MmuLock mmuLock) => time.Pass(Simulation.Atomic);

    public bool IsContended(MmuLock mmuLock) => false;

    public void Enter(TicketLock spinLock) => time.Pass(Simulation.Atomic);

    public void Exit(TicketLock spinLock) => time.Pass(Simulation.Atomic);

    public void Enter(SleepingLock mutex) => time.Pass(Simulation.Atomic);

    public void Exit(SleepingLock mutex) => time.Pass(Simulation.Atomic);

    public void EnterShared(RwSemaphore semaphore) => time.Pass(Simulation.Atomic);

    public void ExitShared(RwSemaphore semaphore) => time.Pass(Simulation.Atomic);

    public void EnterExclusive(RwSemaphore semaphore) => time.Pass(Simulation.Atomic);

    public void ExitExclusive(RwSemaphore semaphore) => time.Pass(Simulation.Atomic);

    public bool Reinitialise(RwSemaphore semaphore) => Here.Reinitialise(semaphore);

    public void AwaitChange(ref ulong word, ulong value, string what) => Here.AwaitChange(ref word, value, what);

    public void Wake(ref ulong word) => time.Pass(Simulation.Atomic);

    public void EnterRcu(Rcu rcu) => time.Pass(Simulation.Word);

    public void ExitRcu(Rcu rcu) => time.Pass(Simulation.Word);

    public void Synchronize(Rcu rcu) => time.Pass(Simulation.GracePeriod);

    public void CallRcu(Rcu rcu, nint node, RcuKind kind) => After(Simulation.Word).CallRcu(rcu, node, kind);

    public void Barrier(Rcu rcu) => time.Pass(Simulation.GracePeriod);

    public bool Queue(WorkQueue queue, TdpRoot root) => After(Simulation.Atomic).Queue(queue, root);

    public void Flush(WorkQueue queue) => Here.Flush(queue);

    public void InterruptVcpus() => time.Pass(Simulation.Interrupt);

    public void Dally(long nanoseconds) => time.Pass(nanoseconds);

    private OneThread After(long nanoseconds)
    {
        time.Pass(nanoseconds);
        return Here;
    }
}

/// <summary>Actors on virtual time: whoever is furthest behind makes the next step, and makes it in one go.</summary>
internal sealed class VirtualTimeDriver(Simulation time) : IDriver
{
    // Ticks of this clock are nanoseconds; nobody reads it.
    private static readonly Clock Clock = Clock.Calibrate(ClockSource.Stopwatch);

    public MeasuredRun Run(
        IReadOnlyList<IMeasuredActor> actors, WindowSettings settings, IWindowObserver? observer = null,
        CancellationToken cancellation = default)
    {
        Lane[] lanes = [.. actors.Select(
            actor => new Lane(actor, new LaneRecorders(actor, Clock, settings.IntervalCount, isPaced: false, 0)))];
        foreach (Lane lane in lanes) InTurn(lane, lane.Load.Begin);
        long began = time.Now, opening = long.MaxValue, length = Clock.ToTicks(settings.Duration);
        foreach (Lane lane in lanes) lane.Now = began;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Lane next = lanes.MinBy(lane => lane.Now)!;
            if (opening == long.MaxValue && lanes.All(lane => lane.Load.IsWarm))
            {
                opening = next.Now;
                foreach (Lane lane in lanes) lane.Recorders.OpenWindow(opening, opening + length);
            }
            if (opening != long.MaxValue && next.Now - opening >= length) break;
            InTurn(next, () => Step(next, opening));
        }

        foreach (Lane lane in lanes)
        {
            InTurn(lane, lane.Load.Quiesce);
            InTurn(lane, lane.Load.End);
        }
        RuntimeCounters counters = RuntimeCounters.Read();
        return new MeasuredRun
        {
            Actors = [.. lanes.Select(lane => ResultOf(lane, settings))],
            Clock = Clock.Info,
            WindowSeconds = settings.Duration.TotalSeconds,
            WindowStartMonotonicNanoseconds = opening,
            Turns = [new Stretch(opening, opening + length)],
            WarmupSeconds = (opening - began) / 1e9,
            Disturbance = counters.Since(counters),
            GcLatencyMode = GCSettings.LatencyMode,
            Interrupted = false,
            HungActors = [],
            Failures = [],
            Notes = ["simulated"],
        };
    }

    private static ActorResult ResultOf(Lane lane, WindowSettings settings) => new()
    {
        Name = lane.Load.Name,
        Role = lane.Load.Role,
        RatePerSecond = 0,
        StepCount = lane.Steps,
        MeasuredSeconds = settings.Duration.TotalSeconds,
        OwedStepCount = 0,
        AllocatedBytes = 0,
        PinnedCpu = null,
        InvoluntarySwitches = null,
        Recorders = lane.Recorders.All,
    };

    private void Step(Lane lane, long opening)
    {
        lane.Load.Prepare();
        long start = time.Now;
        int metric = lane.Load.Step();
        // Who waits for others without an operation gets on as well, or nobody else would ever be behind.
        if (time.Now == lane.Now) time.Pass(Simulation.Turn);
        if (start < opening) return;
        lane.Steps++;
        if (metric >= 0) lane.Recorders.RecordService(metric, start, time.Now);
        lane.Recorders.RecordPhases(lane.Load.Phases, start);
    }

    private void InTurn(Lane lane, Action work)
    {
        time.Turned = lane.Self;
        time.Now = Math.Max(lane.Now, 1);
        work();
        lane.Self = time.Turned;
        lane.Now = time.Now;
    }

    private sealed class Lane(IMeasuredActor load, LaneRecorders recorders)
    {
        public IMeasuredActor Load { get; } = load;

        public LaneRecorders Recorders { get; } = recorders;

        public Actor? Self { get; set; }

        public long Now { get; set; }

        public long Steps { get; set; }
    }
}
