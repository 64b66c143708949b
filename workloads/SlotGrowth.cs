using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// One slot of growing size, mapped whole: what does it cost to delete it, to create it again, and to touch it again, and how
/// does that grow with the mapped pages?
/// <code>
///   vcpu0: touch N pages ─ [delete] ─ [create] ─ touch the N pages: refault ─ touch them: warm ─ [delete] ─ …
///          N = 0, 1, 8, 64, …, 1,048,576 as far as memory goes, and all of memory, in turn
/// </code>
/// </summary>
/// <remarks>Timed: delete and create, under one metric per size; each page's own access after them, in the guest where the
/// processor walks, else the lab's fault. Not timed: the first touch, and changing sizes. One thread plays both parts, so that
/// nobody has to be got out of the guest and an update has what it costs by itself; <c>memslot-churn</c> has the vCPUs run. The
/// kernel maps several pages per fault: a page's cost is the mean. The answer: each pass touches as many pages as it should, each
/// reads the stamp of the slot's last generation, and the VM made as many as were asked for. Parameters — memory: smoke 8 MiB,
/// measured 256 MiB, and 4 GiB for the whole curve (one round of the last size takes seconds). Bystanders: smoke 0, measured 0
/// and 4,000.</remarks>
[Workload("slot-growth", Story = "a slot with a growing number of mapped pages is deleted, recreated and touched "
    + "again by one vCPU", Timed = "update, create, refault and warm access, by mapped pages")]
public sealed class SlotGrowth<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private static readonly ulong[] Sizes = [0, 1, 8, 64, 512, 4096, 32_768, 262_144, 1_048_576];

    private readonly Vm<TMachine> _vm;
    private readonly Grower _grower;
    private readonly ulong _generationsAtFirst;

    public SlotGrowth(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = Source.NewVm();
        CreateBystanders(_vm);
        // Frames of a huge leaf are mapped together: sizes below it would all be the same one.
        ulong least = Gfn.FramesPerSpte(_vm.Settings.LeafLevel);
        ulong[] sizes = [.. Sizes.Where(size => size == 0 || (size >= least && size < parameters.Frames)), parameters.Frames];
        FaultMemoryIn(sizes);
        _generationsAtFirst = _vm.Slots.LastGeneration;
        _grower = new Grower(_vm, sizes);
        Actors = [_grower];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        string? wrong = _grower.Wrong;
        ulong made = _vm.Slots.LastGeneration - _generationsAtFirst;
        if (made != _grower.Creates) wrong ??= $"the VM made {made} slot generations, {_grower.Creates} were asked for";
        DestroyAndRetire(_vm);
        return wrong;
    }

    /// <summary>Where guest memory is memory, gibibytes of it take seconds when they are touched first: before the actors start,
    /// and before they are watched.</summary>
    private void FaultMemoryIn(ulong[] sizes)
    {
        foreach (ulong size in sizes)
        {
            _vm.Slots.Create(ChurnSlot, GfnRange.Of(0, Math.Max(1, size)), MemslotFlags.None);
            _vm.Slots.Delete(ChurnSlot);
        }
    }

    /// <summary>What comes next of a round.</summary>
    private enum Stage
    {
        Map,
        Delete,
        Create,
        Refault,
        Warm,
    }

    /// <summary>The vCPU's thread, which is the VMM's as well.</summary>
    private sealed class Grower : WorkloadActor
    {
        /// <summary>Rounds of a small size before the next one: memory that was freed waits in line, and is made before the first
        /// of them is timed warm.</summary>
        private const ulong RoundsMax = 20;

        private readonly Vm<TMachine> _vm;
        private readonly Vcpu<TMachine> _vcpu;
        private readonly ulong[] _sizes;
        private readonly bool _inGuest;
        private AccessPattern _pattern;
        private Stage _stage;
        private int _size;
        private ulong _round;
        private ulong _touched;
        private bool _exists;
        private VcpuExit _exit;
        private int _sampleIndex = -1;
        private long _cycles;

        internal Grower(Vm<TMachine> vm, ulong[] sizes) : base(vm.Machine, "vcpu0", ActorRole.Vcpu)
        {
            (_vm, _vcpu, _sizes) = (vm, vm.Vcpus[0], sizes);
            _inGuest = _vcpu.HasCore;
            IEnumerable<string> Named(string what) => sizes.Select(size => $"{what}.pages_{size}");
            Metrics = [.. Named("update"), .. Named("create"), .. _inGuest ? ["fault"] : Named("refault")];
            SampleMetrics = _inGuest ? [.. Named("refault"), .. Named("warm")] : [];
            BeginPass();
        }

        public override IReadOnlyList<string> Metrics { get; }

        public override IReadOnlyList<string> SampleMetrics { get; }

        public override int SampleIndex => _sampleIndex;

        public override bool IsWarm => _cycles > 0;

        internal ulong Creates { get; private set; }

        internal string? Wrong { get; private set; }

        private ulong Frames => _sizes[_size];

        /// <summary>A slot holds its pages and no more, but never nothing.</summary>
        private GfnRange Range => GfnRange.Of(0, Math.Max(1, Frames));

        public override ReadOnlySpan<GuestTouch> ClaimTouches()
        {
            ReadOnlySpan<GuestTouch> touches = _vcpu.Touches;
            _vcpu.ClaimTouches();
            return touches;
        }

        /// <summary>Everything of a step that is not timed: the guest runs until it must leave.</summary>
        public override void Prepare()
        {
            _sampleIndex = -1;
            // What a pass left that is not recorded must not be taken for the next pass's.
            _vcpu.ClaimTouches();
            if (_stage is Stage.Delete or Stage.Create)
            {
                _vm.Slots.SettleMemory();
                return;
            }
            if (_stage == Stage.Map && !_exists) Create();
            if (_touched < Frames) RunGuest();
            _sampleIndex = _stage switch
            {
                Stage.Refault when _inGuest => _size,
                Stage.Warm when _inGuest => _sizes.Length + _size,
                _ => -1,
            };
        }

        public override int Step()
        {
            switch (_stage)
            {
                case Stage.Delete:
                    _vm.Slots.Delete(ChurnSlot);
                    _exists = false;
                    _stage = Stage.Create;
                    return _size;
                case Stage.Create:
                    Create();
                    _stage = Stage.Refault;
                    BeginPass();
                    return _sizes.Length + _size;
                default:
                    bool resolved = !_exit.IsDone && Resolve();
                    int metric = _inGuest ? 2 * _sizes.Length : _stage == Stage.Refault ? 2 * _sizes.Length + _size : -1;
                    if (_touched >= Frames) EndPass();
                    return resolved ? metric : -1;
            }
        }

        private void Create()
        {
            _vm.Slots.Create(ChurnSlot, Range, MemslotFlags.None);
            Creates++;
            _exists = true;
        }

        private void BeginPass()
        {
            _touched = 0;
            _pattern = new AccessPattern(1, Range) { Stride = 1, WriteEvery = 1, Cursor = Range.Frames - 1 };
        }

        private void EndPass()
        {
            if (_touched != Frames) Wrong ??= $"{_touched} of {Frames} pages were touched in one pass";
            _stage = _stage switch
            {
                Stage.Map => Stage.Delete,
                Stage.Refault => Stage.Warm,
                _ => NextRound(),
            };
            BeginPass();
        }

        /// <summary>The slot is there and mapped: the next round of its size deletes it. The next size needs another slot, made
        /// untimed.</summary>
        private Stage NextRound()
        {
            if (++_round < Math.Clamp(65_536 / Math.Max(1, Frames), 1, RoundsMax)) return Stage.Delete;
            _round = 0;
            _vm.Slots.Delete(ChurnSlot);
            _exists = false;
            _size = (_size + 1) % _sizes.Length;
            if (_size == 0) _cycles++;
            return Stage.Map;
        }

        private void RunGuest()
        {
            long before = _vm.Machine.Actor.Counters.Accesses;
            int most = (int)Math.Min(Frames - _touched, (ulong)_vcpu.AccessesPerStay);
            _exit = _vcpu.Run(ref _pattern, most);
            _touched += (ulong)(_vm.Machine.Actor.Counters.Accesses - before);
            foreach (ref readonly GuestTouch touch in _vcpu.Touches)
            {
                FrameStamp stamp = new(touch.Stamp), expected = FrameStamp.Of(ChurnSlot, _vm.Slots.LastGeneration);
                if (stamp != expected) Wrong ??= $"the guest read {stamp} from a page that belongs to {expected}";
            }
        }

        /// <summary>Serves exits until the access went through. False if there was no fault among them; a reload that came first
        /// is part of it.</summary>
        private bool Resolve()
        {
            bool faulted = false;
            long before = _vm.Machine.Actor.Counters.Accesses;
            do
            {
                if (_vm.Oracle.IsBugged) return false;
                faulted |= _exit.Reason == VcpuExitReason.Fault;
                _vcpu.Serve(_exit);
                _exit = _vcpu.Run(ref _pattern, 1);
            }
            while (!_exit.IsDone);
            _touched += (ulong)(_vm.Machine.Actor.Counters.Accesses - before);
            return faulted;
        }
    }
}
