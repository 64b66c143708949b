using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// A VMM changes one small memslot again and again while vCPUs run on a large one. Each delete or move is a fast zap: it zaps
/// everything, and the vCPUs fault it all in again.
/// <code>
///   SlotUpdater ──delete/create, move or flags──► slot 1 (2 MiB) ──fast zap──► every root
///   vcpu0…n ────touch────► slot 0 (all memory), now and then slot 1 ──fault──► reinstall
/// </code>
/// </summary>
/// <remarks>
/// Timed: each memslot update, with its phases; each vCPU fault; each reload. Not timed: accesses that hit, and in a closed loop the wait until the
/// vCPUs have faulted the memory in again, so that every zap finds the same to do whichever strategy it belongs to. The answer: the slot's
/// generations, counted by the VM, equal the updates that made one, counted by the updater.
/// Parameters — memory: smoke 8 MiB, measured 256 MiB (65,536 pages: several milliseconds of zap). Rate: smoke closed loop, measured either.
/// </remarks>
[Workload("memslot-churn", Story = "a small memslot is deleted and recreated, moved or re-flagged while vCPUs run", Timed = "update and its phases, create, flags, fault, reload")]
public sealed class MemslotChurn<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly SlotUpdater _updater;
    private readonly ulong _generationsAtFirst;

    public MemslotChurn(VmSource<TMachine> source, WorkloadParameters parameters)
        : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _generationsAtFirst = _vm.LastGeneration;
        FaultingVcpu<TMachine>[] vcpus = FaultingVcpus(_vm);
        _updater = new SlotUpdater(_vm, parameters, ChurnRange, vcpus);
        Actors = [.. vcpus, _updater];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        ulong expected = _generationsAtFirst + _updater.GenerationsMade;
        ulong generation = _vm.LastGeneration;
        DestroyAndRetire(_vm);
        return generation == expected ? null : $"the VM made {generation} slot generations, the updater asked for {expected}";
    }

    /// <summary>The VMM's thread.</summary>
    private sealed class SlotUpdater(Vm<TMachine> vm, WorkloadParameters parameters, GfnRange range, FaultingVcpu<TMachine>[] vcpus)
        : WorkloadActor("updater", ActorRole.Updater)
    {
        /// <summary>Looks at the vCPUs before the actor's thread looks at the clock again.</summary>
        private const int LooksPerPrepare = 200;

        private const int Update = 0;
        private const int Create = 1;
        private const int FlagChange = 2;

        private bool _exists = true;
        private bool _away;
        private bool _logging;
        private long _steps;
        private bool _hasPhases;
        private long _faultsAtZap;
        private bool _isReady;

        /// <summary>Nearly all the leafs that the guest's memory takes: a few faults of the round before may be among those counted.</summary>
        private readonly long _refill = parameters.EmptyGuest || parameters.RatePerSecond > 0 ? 0
            : parameters.RefillPages >= 0 ? parameters.RefillPages
            : (long)(parameters.Frames / Gfn.FramesPerSpte(vm.Settings.LeafLevel) * 15 / 16);

        public override IReadOnlyList<string> Metrics { get; } = ["update", "create", "flags"];

        public override IReadOnlyList<string> PhaseNames { get; } = [.. UpdatePhases.Names.Select(name => $"update.phase.{name}")];

        public override ReadOnlySpan<long> Phases => _hasPhases ? vm.Phases.Nanoseconds : default;

        /// <summary>A delete and its create are two steps of one update.</summary>
        public override double RatePerSecond => parameters.RatePerSecond * (parameters.Operation == SlotOperation.Delete ? 2 : 1);

        internal ulong GenerationsMade { get; private set; }

        public override void Prepare()
        {
            vm.SettleMemory();
            _isReady = !NextZaps || Faults - _faultsAtZap >= _refill;
            Backoff backoff = default;
            for (int look = 0; !_isReady && look < LooksPerPrepare; look++)
            {
                vm.Machine.Relax(ref backoff);
                _isReady = Faults - _faultsAtZap >= _refill;
            }
        }

        public override int Step()
        {
            _hasPhases = false;
            if (!_isReady) return -1;
            SlotOperation operation = Operation;
            // Before the update: what the vCPUs fault in again while it still runs counts.
            if (NextZaps) _faultsAtZap = Faults;
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

        private SlotOperation Operation =>
            parameters.Operation == SlotOperation.Mix ? (SlotOperation)(_steps / 2 % 3) : parameters.Operation;

        /// <summary>True if the next step takes mappings down, and so wants them to be there.</summary>
        private bool NextZaps => Operation == SlotOperation.Move || (Operation == SlotOperation.Delete && _exists);

        private long Faults
        {
            get
            {
                long faults = 0;
                foreach (FaultingVcpu<TMachine> vcpu in vcpus) faults += vcpu.LeafsTouched;
                return faults;
            }
        }

        private int DeleteOrCreate()
        {
            _exists = !_exists;
            if (!_exists)
            {
                vm.DeleteSlot(ChurnSlot);
                return Update;
            }
            vm.CreateSlot(ChurnSlot, range, MemslotFlags.None);
            GenerationsMade++;
            return Create;
        }

        private int Move()
        {
            _away = !_away;
            vm.MoveSlot(ChurnSlot, _away ? range.End : range.Start);
            GenerationsMade++;
            return Update;
        }

        private int ToggleLogging()
        {
            _logging = !_logging;
            vm.SetFlags(MainSlot, _logging ? MemslotFlags.LogDirtyPages : MemslotFlags.None);
            return FlagChange;
        }
    }
}
