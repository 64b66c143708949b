using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>What the user asked of a workload. What only one workload can be asked is declared beside it.</summary>
public sealed record WorkloadParameters
{
    /// <summary>KVM has 32,764 slots; the guest's image, its request words, its memory and the slot under test are four of
    /// them.</summary>
    private const int BystandersMax = 32_760;

    /// <summary>Where the lab keeps the slots itself it scans and copies them.</summary>
    public const int BystandersInLabMax = 1024;

    /// <summary>What every workload can be asked.</summary>
    public static SettingGroup Declared { get; } = new("Workloads");

    /// <summary>Updates per second on a fixed schedule; zero is a closed loop.</summary>
    public static Setting<double> Rate { get; } = Declared.Add(
        "rate", Form.Rate.Or("closed loop", 0) with { Takes = "" }, "closed loop",
        "updates per second on a fixed schedule",
        unset: "closed loop");

    /// <summary>One-page slots that nobody touches, besides those under test.</summary>
    public static Setting<int> Bystanders { get; } = Declared.Add(
        "slots", Form.Whole(0, BystandersMax), "0", "more one-page slots that nobody touches");

    /// <summary>Zero for never. Only writes dirty pages, and fault where logging has write-protected them.</summary>
    public static Setting<int> WriteEvery { get; } = Declared.Add(
        "write-every", Form.Whole(1, 1_000_000).Or("never", 0), "4",
        "one guest access in so many writes, where vCPUs go through all of memory", Recorded.WhenSet);

    /// <summary>Guest memory that the vCPUs touch, in bytes.</summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    public ulong Seed { get; init; } = 1;

    public SettingValues Values { get; init; } = SettingValues.Defaults;

    /// <summary>Recorded calls, for a workload that needs them.</summary>
    public VmmTrace? Trace { get; init; }

    /// <summary>The guest touches nothing: a bound.</summary>
    public bool EmptyGuest { get; init; }

    internal ulong Frames => (ulong)(MemoryBytes >> 12);

    public double RatePerSecond => Of(Rate);

    public T Of<T>(Setting<T> setting) => Values.Of(setting);

    public WorkloadParameters With<T>(Setting<T> setting, T value) => this with { Values = Values.With(setting, value) };
}

/// <summary>Makes the VMs of a workload, all with the strategy under test, and keeps what they had to say when they are
/// gone.</summary>
/// <remarks>Any actor's thread may use it.</remarks>
public sealed class VmSource<TMachine>(Func<Vm<TMachine>> make, TMachine machine = default)
    where TMachine : struct, IMachine
{
    private readonly Lock _lock = new();
    private readonly List<Violation> _violations = [];
    private readonly List<(string Worker, Exception Thrown)> _failures = [];
    private readonly List<Vm<TMachine>> _alive = [];
    private int _count;

    /// <summary>The machine of all VMs.</summary>
    public TMachine Machine => machine;

    /// <summary>VMs made so far.</summary>
    public int Made { get; private set; }

    /// <summary>Most table pages that any VM had in use at a time, zombies included.</summary>
    public long TablePagesMax { get; private set; }

    /// <summary>VMs that are not retired yet.</summary>
    public IReadOnlyList<Vm<TMachine>> Alive
    {
        get { lock (_lock) return [.. _alive]; }
    }

    public Vm<TMachine> NewVm()
    {
        Vm<TMachine> vm = make();
        lock (_lock)
        {
            _alive.Add(vm);
            Made++;
        }
        return vm;
    }

    /// <summary>Collects the verdict of a destroyed VM and frees its memory.</summary>
    public void Retire(Vm<TMachine> vm)
    {
        lock (_lock)
        {
            _alive.Remove(vm);
            _count += vm.Oracle.Count;
            _violations.AddRange(vm.Oracle.Violations);
            _failures.AddRange(FailuresOf(vm));
            TablePagesMax = Math.Max(TablePagesMax, vm.Mmu.TablePagesMax);
        }
        vm.Dispose();
    }

    /// <summary>Books an answer that does not add up.</summary>
    public void ReportWrongAnswer(string what) =>
        Report(new Invariant("answer", "The workload's answer, recomputed independently, is right."), what);

    /// <summary>Books what no VM's oracle has seen.</summary>
    public void Report(Invariant invariant, string what)
    {
        lock (_lock)
        {
            _count++;
            _violations.Add(new Violation(invariant.Number, invariant.Sentence, what, 0, 0, []));
        }
    }

    /// <summary>What workers of VMs threw, retired or not; any ends the run.</summary>
    public IReadOnlyList<(string Worker, Exception Thrown)> WorkerFailures
    {
        get { lock (_lock) return [.. _failures, .. _alive.SelectMany(FailuresOf)]; }
    }

    private static IEnumerable<(string Worker, Exception Thrown)> FailuresOf(Vm<TMachine> vm) =>
        vm.WorkQueues.Where(queue => queue.Failure is not null).Select(queue => (queue.Name, queue.Failure!));

    /// <summary>Violations seen in all VMs, retired or not.</summary>
    public int ViolationCount
    {
        get { lock (_lock) return _count + _alive.Sum(vm => vm.Oracle.Count); }
    }

    public IReadOnlyList<Violation> Violations
    {
        get { lock (_lock) return [.. _violations, .. _alive.SelectMany(vm => vm.Oracle.Violations)]; }
    }
}

/// <summary>What a workload needs of strategy and rig beyond the ordinary.</summary>
[Flags]
public enum WorkloadNeeds
{
    Nothing = 0,

    /// <summary>It is about roots, which the running kernel does not show.</summary>
    Roots = 1,

    /// <summary>It needs a dirty log: of the running kernel's memslots, or the lab's, which sees each page on its own tables
    /// only.</summary>
    DirtyLog = 2,

    /// <summary>It replays recorded calls.</summary>
    Trace = 4,

    /// <summary>It does to single page tables what only the lab's own let be done.</summary>
    Tables = 8,
}

/// <summary>What a workload shows or has that others do not.</summary>
[Flags]
public enum WorkloadOffers
{
    Nothing = 0,

    /// <summary>Its memslot updates have floors: the bounds can be measured on it.</summary>
    Floors = 1,

    /// <summary>Each vCPU is a thread beside the updater's: more vCPUs are more load.</summary>
    VcpuThreads = 2,

    /// <summary>It counts roots that were rebuilt for nothing.</summary>
    Rebuilds = 4,
}

/// <summary>Name card of a workload: the class carries it, the catalogue and <c>lab list</c> read it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class WorkloadAttribute(string name) : Attribute
{
    /// <summary>Name as the user types it.</summary>
    public string Name { get; } = name;

    /// <summary>What happens in it, in one line.</summary>
    public required string Story { get; init; }

    /// <summary>What is timed.</summary>
    public required string Timed { get; init; }

    public WorkloadNeeds Needs { get; init; }

    public WorkloadOffers Offers { get; init; }
}

/// <summary>A set of actors on one or more VMs, and the answer that they must agree on.</summary>
/// <remarks>The rig makes one workload per measurement, runs its actors, and then calls <see cref="Finish"/> on one
/// thread.</remarks>
public abstract class Workload<TMachine>(VmSource<TMachine> source, WorkloadParameters parameters)
    where TMachine : struct, IMachine
{
    /// <summary>Slot of the guest's memory.</summary>
    protected const int MainSlot = 0;

    /// <summary>Slot that updates hit.</summary>
    protected const int ChurnSlot = 1;

    /// <summary>Frames of the churned slot: 2 MiB, the size of a device BAR or of a ROM that is remapped.</summary>
    protected const ulong ChurnFrames = 512;

    public abstract IReadOnlyList<WorkloadActor> Actors { get; }

    /// <summary>What the machine did not let it do, sentences for the report.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    protected VmSource<TMachine> Source { get; } = source;

    protected WorkloadParameters Parameters { get; } = parameters;

    /// <summary>Where the churned slot lives: above the guest's memory, in another 1 GiB.</summary>
    protected ulong ChurnBase => ((Parameters.Frames >> 18) + 1) << 18;

    /// <summary>After the actors stopped: recomputes the workload's answer, then destroys and retires its VMs. Returns what is
    /// wrong, or null.</summary>
    public abstract string? Finish();

    protected GfnRange MainRange => GfnRange.Of(0, Parameters.Frames);

    protected GfnRange ChurnRange => GfnRange.Of(ChurnBase, ChurnFrames);

    /// <summary>Where slots go that nobody touches: behind both places of the churned slot.</summary>
    private Gfn BystanderBase => new(ChurnBase + 32 * ChurnFrames);

    /// <summary>Adds the slots that nobody touches, if there are to be any.</summary>
    /// <exception cref="InvalidOperationException">The VM cannot have so many.</exception>
    protected void CreateBystanders(Vm<TMachine> vm)
    {
        int count = Parameters.Of(WorkloadParameters.Bystanders);
        if (count == 0) return;
        MemslotResult result = vm.Slots.CreateBystanders(ChurnSlot + 1, count, BystanderBase);
        if (result != MemslotResult.Done) throw new InvalidOperationException($"A VM cannot have {count} more slots: {result}.");
    }

    /// <summary>A VM with the guest's memory and the slot to churn.</summary>
    /// <param name="taken">Frames that the host takes away at once; zero: it takes none.</param>
    protected Vm<TMachine> NewVmWithSlots(ulong taken = 0)
    {
        Vm<TMachine> vm = Source.NewVm();
        vm.DivideMemory(taken);
        vm.Slots.Create(MainSlot, MainRange, MemslotFlags.None);
        vm.Slots.Create(ChurnSlot, ChurnRange, MemslotFlags.None);
        CreateBystanders(vm);
        return vm;
    }

    /// <summary>What is wrong with the number of slot generations that a VM made, or null.</summary>
    protected static string? JudgeGenerations(ulong made, ulong asked) =>
        made == asked ? null : $"the VM made {made} slot generations, the updater asked for {asked}";

    protected void DestroyAndRetire(Vm<TMachine> vm)
    {
        vm.Destroy();
        Source.Retire(vm);
    }

    /// <summary>How vCPU number <paramref name="index"/> goes through memory: in order, from its own part on, through all of it;
    /// one access in <see cref="WorkloadParameters.WriteEvery"/> writes, one in sixty-four goes to the churned slot.</summary>
    protected AccessPattern PatternOf(int index, int vcpus) =>
        new(Parameters.Seed * 1000 + (ulong)index, MainRange)
        {
            Stride = 1,
            WriteEvery = (uint)Parameters.Of(WorkloadParameters.WriteEvery),
            Second = ChurnRange,
            SecondEvery = 64,
            Cursor = Parameters.Frames * (ulong)index / (ulong)vcpus,
        };

    protected FaultingVcpu<TMachine>[] FaultingVcpus(Vm<TMachine> vm) =>
    [
        .. vm.Vcpus.Select(vcpu => new FaultingVcpu<TMachine>(vm, vcpu, PatternOf(vcpu.Index, vm.Vcpus.Count), Parameters)),
    ];
}
