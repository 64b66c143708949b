using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// A VMM changes one small memslot again and again while vCPUs run on a large one. Each delete or move is a fast zap: it zaps
/// everything, and the vCPUs fault it all in again.
/// <code>
///   SlotUpdater ──delete/create, move or flags──► slot 1 (2 MiB) ──fast zap──► every root
///   vcpu0…n ────touch────► slot 0 (all memory), now and then slot 1 ──fault──► reinstall
/// </code>
/// </summary>
/// <remarks>Timed: each memslot update, with its phases; each vCPU fault; each reload. Not timed: accesses that hit, and in a
/// closed loop the wait until the vCPUs have faulted the memory in again, so that every zap finds the same to do whichever
/// strategy it belongs to. The answer: the slot's generations, counted by the VM, equal the updates that made one, counted by the
/// updater. Parameters — memory: smoke 8 MiB, measured 256 MiB (65,536 pages: several milliseconds of zap). Rate: smoke closed
/// loop, measured either.</remarks>
[Workload(MemslotChurn.Name, Story = "a small memslot is deleted and recreated, moved or re-flagged while vCPUs run",
    Timed = "update and its phases, create, flags, fault, reload", Offers = WorkloadOffers.Floors | WorkloadOffers.VcpuThreads)]
public sealed class MemslotChurn<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly SlotUpdater _updater;
    private readonly ulong _generationsAtFirst;

    public MemslotChurn(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _generationsAtFirst = _vm.Slots.LastGeneration;
        FaultingVcpu<TMachine>[] vcpus = FaultingVcpus(_vm);
        _updater = new SlotUpdater(_vm, parameters, ChurnRange, vcpus);
        Actors = [.. vcpus, _updater];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        ulong expected = _generationsAtFirst + _updater.GenerationsMade;
        ulong generation = _vm.Slots.LastGeneration;
        DestroyAndRetire(_vm);
        return JudgeGenerations(generation, expected);
    }

    /// <summary>The VMM's thread.</summary>
    private sealed class SlotUpdater(Vm<TMachine> vm, WorkloadParameters parameters, GfnRange range,
        FaultingVcpu<TMachine>[] vcpus) : WorkloadActor(vm.Machine, "updater", ActorRole.Updater)
    {
        private const int Update = 0;
        private const int Create = 1;
        private const int FlagChange = 2;

        private readonly SlotOperation _kind = parameters.Of(MemslotChurn.Operation);
        private bool _exists = true;
        private bool _away;
        private bool _logging;
        private long _steps;
        private bool _hasPhases;
        private bool _isReady;
        private readonly Refill<TMachine> _refill = new(vm, vcpus, parameters.Frames,
            parameters.Of(MemslotChurn.Refill) is >= 0 and int pages && !parameters.EmptyGuest && parameters.RatePerSecond == 0
                ? pages : Refill<TMachine>.All(vm, parameters));

        public override IReadOnlyList<string> Metrics { get; } = ["update", "create", "flags"];

        public override IReadOnlyList<string> PhaseNames { get; } =
            [.. UpdatePhases.Names.Select(name => $"update.phase.{name}")];

        public override ReadOnlySpan<long> Phases => _hasPhases ? vm.Slots.Phases.Nanoseconds : default;

        /// <summary>A delete and its create are two steps of one update.</summary>
        public override double RatePerSecond => parameters.RatePerSecond * (_kind == SlotOperation.Delete ? 2 : 1);

        internal ulong GenerationsMade { get; private set; }

        public override void Prepare()
        {
            vm.Slots.SettleMemory();
            _isReady = !NextZaps || _refill.Await();
        }

        public override int Step()
        {
            _hasPhases = false;
            if (!_isReady) return -1;
            SlotOperation operation = Operation;
            if (NextZaps) _refill.Restart();
            _steps++;
            int metric = operation switch
            {
                SlotOperation.Delete => DeleteOrCreate(),
                SlotOperation.Move => Move(),
                _ => ToggleLogging(),
            };
            _hasPhases = metric == Update;
            return metric;
        }

        private SlotOperation Operation => _kind == SlotOperation.Mix ? (SlotOperation)(_steps / 2 % 3) : _kind;

        /// <summary>True if the next step takes mappings down, and so wants them to be there.</summary>
        private bool NextZaps => Operation == SlotOperation.Move || (Operation == SlotOperation.Delete && _exists);

        private int DeleteOrCreate()
        {
            _exists = !_exists;
            if (!_exists)
            {
                vm.Slots.Delete(ChurnSlot);
                return Update;
            }
            vm.Slots.Create(ChurnSlot, range, MemslotFlags.None);
            GenerationsMade++;
            return Create;
        }

        private int Move()
        {
            _away = !_away;
            vm.Slots.Move(ChurnSlot, _away ? range.End : range.Start);
            GenerationsMade++;
            return Update;
        }

        private int ToggleLogging()
        {
            _logging = !_logging;
            vm.Slots.SetFlags(MainSlot, _logging ? MemslotFlags.LogDirtyPages : MemslotFlags.None);
            return FlagChange;
        }
    }
}

/// <summary>Updates of <c>memslot-churn</c>.</summary>
public enum SlotOperation
{
    /// <summary>Delete and recreate.</summary>
    Delete,

    /// <summary>Move between two places.</summary>
    Move,

    /// <summary>Turn dirty logging of all guest memory on and off.</summary>
    Flags,

    /// <summary>All of them in turn.</summary>
    Mix,
}

/// <summary>What <see cref="MemslotChurn{TMachine}"/> can be asked.</summary>
public static class MemslotChurn
{
    public const string Name = "memslot-churn";
    public static SettingGroup Declared { get; } = new(Name, Name);
    public static Setting<SlotOperation> Operation { get; } =
        Declared.Add("operation", Form.Words<SlotOperation>(), "delete", "the update");

    /// <summary>In a closed loop, faults that the vCPUs must have resolved since the last zap before the next one starts, so that
    /// each zap finds as much to do; negative: all of memory.</summary>
    public static Setting<int> Refill { get; } = Declared.Add(
        "refill", Form.Whole(0, int.MaxValue).Or("none", 0).Or("all", -1) with { Takes = "all, none or a number" }, "all",
        "pages the vCPUs fault in again before a closed loop's next zap");
}
