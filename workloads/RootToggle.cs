using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// vCPUs flip between two roles, as a guest does that enters and leaves SMM or toggles CR0.WP: each flip puts one root and loads
/// the other. Does the other still have its tables? (Shape H5.) Beside them a memslot is deleted now and then.
/// <code>
///   vcpu0…n: [put A, load B] ─ touch ─ [put B, load A] ─ touch ─ …
///   SlotDeleter ──delete/create──► fast zap, while a root was just made or just put
/// </code>
/// </summary>
/// <remarks>Timed: each flip; the touching that follows it as one number (rebuilding shows there); each update. No answer is
/// recomputed: roots made and roots loaded are counted and printed; where the MMU keeps roots, only fast zaps cause new ones.
/// Parameters — 64 pages touched per flip: enough to see a rebuild, few enough to flip often. Rate of updates: <c>--rate</c>,
/// else 20/s.</remarks>
[Workload("root-toggle", Story = "vCPUs flip between two roots as for SMM or CR0.WP (shape H5), with occasional memslot updates",
    Timed = "toggle, touch, update", Needs = WorkloadNeeds.Roots, Offers = WorkloadOffers.VcpuThreads | WorkloadOffers.Rebuilds)]
public sealed class RootToggle<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;

    public RootToggle(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        double rate = parameters.RatePerSecond == 0 ? 40 : 2 * parameters.RatePerSecond;
        Actors =
        [
            .. _vm.Vcpus.Select(vcpu => new TogglingVcpu(_vm, vcpu, MainRange)),
            new SlotDeleter<TMachine>(_vm, ChurnSlot, ChurnRange, rate),
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        DestroyAndRetire(_vm);
        return null;
    }

    private sealed class TogglingVcpu(Vm<TMachine> vm, Vcpu<TMachine> vcpu, GfnRange memory)
        : WorkloadActor(vm.Machine, $"vcpu{vcpu.Index}", ActorRole.Vcpu)
    {
        private const int Toggle = 0;
        private const int Touch = 1;

        /// <summary>Pages touched after each flip.</summary>
        private const int TouchedPages = 64;

        private AccessPattern _pattern =
            new(1, GfnRange.Of(memory.Start.Value, Math.Min(TouchedPages, memory.Frames))) { Stride = 1, WriteEvery = 2 };
        /// <summary>Fast zaps there had been when the role's root was loaded last; none yet.</summary>
        private readonly long[] _zapsAtLoad = [-1, -1];

        private bool _management;
        private bool _touchNext;

        public override IReadOnlyList<string> Metrics { get; } = ["toggle", "touch"];

        public override int Step()
        {
            _touchNext = !_touchNext;
            if (_touchNext)
            {
                _management = !_management;
                Switch(_management ? 1 : 0);
                return Toggle;
            }

            ActorCounters counters = vm.Machine.Actor.Counters;
            long target = counters.Accesses + TouchedPages;
            while (counters.Accesses < target && !vm.Oracle.IsBugged)
            {
                if (vcpu.Run(ref _pattern, (int)(target - counters.Accesses)) is { IsDone: false } exit) vcpu.Serve(exit);
            }
            return Touch;
        }

        private void Switch(int role)
        {
            ActorCounters counters = vm.Machine.Actor.Counters;
            long made = counters.RootsCreated, zaps = vm.FastZaps;
            // Where roots are thrown away faster than they are torn down memory runs out: the stall is the toggle's.
            while (vcpu.SwitchRole(role == 1 ? RootRole.SystemManagement : RootRole.Normal) == ExitOutcome.NoMemory
                && !vm.Oracle.IsBugged) { }
            bool obsolete = _zapsAtLoad[role] != zaps || vm.FastZaps != zaps;
            if (counters.RootsCreated != made && !obsolete) counters.RootsRebuilt++;
            _zapsAtLoad[role] = zaps;
        }
    }
}
