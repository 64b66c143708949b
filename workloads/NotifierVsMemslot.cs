using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// Threads of the host invalidate ranges all the time while a memslot is deleted and created again: how notifiers and updates
/// keep out of each other's way (the second seed thread's contention).
/// <code>
///   host0…n     ──start, stays open, end──► of memory in a slot, in none, or both in turn
///   SlotDeleter ──delete/create──► a swap of memslots waits for starts, or starts wait for it: the notifier says which
///   vcpu0…n     ──touch──► fault ──► retry while its range is open
/// </code>
/// </summary>
/// <remarks>Timed: each start and each end, and the two together without what lies between; each update, with its phases, of
/// which <c>swap_wait</c> is what it waited for notifiers; faults; reloads. After 95 ms the threads of the host
/// end what is open and start nothing for 5 ms: where updates may starve, one gets through then, and its wait is on record. The
/// answer: no invalidation is in progress at the end. Parameters — smoke 8 MiB; measured 256 MiB. Two threads of the host; an
/// invalidation stays open for 20 µs, as long as it takes to clear some hundred PTEs. Updates: a closed loop, or <c>--rate</c>.
/// With <c>kernel</c> only the first thread goes outside, and an invalidation is one madvise: it ends in its start.</remarks>
[Workload(NotifierVsMemslot.Name, Story = "invalidations, in slots and in none, against memslot updates",
    Timed = "start, end, pair, update and its phases, fault, reload", Offers = WorkloadOffers.VcpuThreads)]
public sealed class NotifierVsMemslot<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;

    public NotifierVsMemslot(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        Storm storm = new(_vm.Machine);
        Actors =
        [
            .. FaultingVcpus(_vm),
            .. Enumerable.Range(0, parameters.Of(NotifierVsMemslot.Hosts)).Select(
                index => new Host(_vm, parameters, storm, index, MainRange, OutsideBase)),
            new SlotDeleter<TMachine>(_vm, ChurnSlot, ChurnRange, 2 * parameters.RatePerSecond),
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    /// <summary>Frames above all that any slot has.</summary>
    private ulong OutsideBase => ChurnBase + (1UL << 18);

    public override string? Finish()
    {
        long inProgress = _vm.Notifier.InProgress;
        DestroyAndRetire(_vm);
        return inProgress == 0 ? null : $"{inProgress} invalidations are still in progress";
    }

    /// <summary>When the threads of the host may start. A rest begins when nothing is open any more, however long a thread waits
    /// for a core.</summary>
    private sealed class Storm(TMachine machine)
    {
        private const long BlowsFor = 95_000_000;
        private const long RestsFor = 5_000_000;
        private readonly Lock _lock = new();
        private long _until = machine.Timestamp() + BlowsFor;
        private long _restsSince;
        private int _open;

        /// <summary>True if the caller may start now, and then must end.</summary>
        public bool TryStart()
        {
            lock (_lock)
            {
                long now = machine.Timestamp();
                if (now < _until)
                {
                    _open++;
                    return true;
                }
                if (_open != 0) return false;
                if (_restsSince == 0) _restsSince = now;
                if (now - _restsSince < RestsFor) return false;
                (_restsSince, _until, _open) = (0, now + BlowsFor, 1);
                return true;
            }
        }

        public void End()
        {
            lock (_lock) _open--;
        }
    }

    /// <summary>A thread of the host: a start in one step, its end in the next.</summary>
    private sealed class Host(
        Vm<TMachine> vm, WorkloadParameters parameters, Storm storm, int index, GfnRange memory, ulong outside)
        : WorkloadActor(vm.Machine, $"host{index}", ActorRole.Updater)
    {
        private readonly long _open = parameters.Of(NotifierVsMemslot.Open).Ticks * 100;
        private readonly RangePlace _where =
            vm.Slots.Kernel is not null && index > 0 ? RangePlace.Slot : parameters.Of(NotifierVsMemslot.Where);
        private readonly long[] _pair = new long[1];
        private ulong _next = memory.Frames * (ulong)index / (ulong)Math.Max(1, parameters.Of(NotifierVsMemslot.Hosts));
        private bool _isOutside;
        private bool _isOpen;
        private bool _rests;
        private bool _isPair;
        private GfnRange _range;

        public override IReadOnlyList<string> Metrics { get; } = ["start", "end"];

        public override IReadOnlyList<string> PhaseNames { get; } = ["pair"];

        public override ReadOnlySpan<long> Phases => _isPair ? _pair : default;

        public override void Prepare()
        {
            if (_isOpen) vm.Machine.Dally(_open);
            else if (_where != RangePlace.Slot) vm.Slots.Kernel?.PopulateOutside(parameters.Of(NotifierVsMemslot.Pages));
            _rests = !_isOpen && !storm.TryStart();
            if (!_rests) return;
            Backoff backoff = Backoff.Napping;
            vm.Machine.Relax(ref backoff);
        }

        public override int Step()
        {
            _isPair = false;
            if (_rests) return -1;
            long begin = vm.Machine.Timestamp();
            if (!_isOpen)
            {
                _range = NextRange();
                vm.Notifier.RangeStart(_range);
                _isOpen = true;
                _pair[0] = vm.Machine.Timestamp() - begin;
                return 0;
            }
            vm.Notifier.RangeEnd(_range);
            Close();
            _pair[0] += vm.Machine.Timestamp() - begin;
            _isPair = true;
            return 1;
        }

        /// <summary>Nobody else will end what is open.</summary>
        public override void Quiesce()
        {
            if (!_isOpen) return;
            vm.Notifier.RangeEnd(_range);
            Close();
        }

        private void Close()
        {
            _isOpen = false;
            storm.End();
        }

        private GfnRange NextRange()
        {
            ulong frames = Math.Min((ulong)parameters.Of(NotifierVsMemslot.Pages), memory.Frames);
            if (_next + frames > memory.Frames) _next = 0;
            ulong at = _next;
            _next += frames;
            _isOutside = _where == RangePlace.Outside || (_where == RangePlace.Both && !_isOutside);
            return GfnRange.Of((_isOutside ? outside : memory.Start.Value) + at, frames);
        }
    }
}

/// <summary>What the host invalidates.</summary>
public enum RangePlace
{
    /// <summary>The guest's memory.</summary>
    Slot,

    /// <summary>Memory in no slot: what most notifications of a big process are about.</summary>
    Outside,

    /// <summary>One and the other in turn.</summary>
    Both,
}

/// <summary>What <see cref="NotifierVsMemslot{TMachine}"/> can be asked.</summary>
public static class NotifierVsMemslot
{
    public const string Name = "notifier-vs-memslot";
    public static SettingGroup Declared { get; } = new(Name, Name);
    public static Setting<int> Hosts { get; } =
        Declared.Add("hosts", Form.Whole(1, 64), "2", "threads that invalidate", Recorded.WhenSet);
    public static Setting<TimeSpan> Open { get; } = Declared.Add(
        "open", Form.Duration(TimeSpan.Zero, TimeSpan.FromMilliseconds(10)), "20us", "how long an invalidation stays open",
        Recorded.WhenSet);
    public static Setting<RangePlace> Where { get; } = Declared.Add(
        "where", Form.Words(("slot (the guest's memory)", RangePlace.Slot), ("outside (memory in no slot)", RangePlace.Outside),
            ("both (in turn)", RangePlace.Both)), "both", "what is invalidated", Recorded.WhenSet);
    public static Setting<int> Pages { get; } =
        Declared.Add("range-pages", Form.Whole(1, 1 << 20), "1", "4 KiB pages invalidated at once", Recorded.WhenSet);
}
