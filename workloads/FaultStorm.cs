using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// The host reclaims guest memory piece by piece while vCPUs touch it, and now and then a memslot is updated: faults, notifier
/// unmaps and fast zaps on the same tables.
/// <code>
///   HostReclaimer ──range start/end──► 2 MiB at a time, in every root    (or memory in no slot: --storm-where outside)
///   SlotDeleter   ──delete/create, 20/s──► fast zap                       (--updates; with none the storm is alone)
///   vcpu0…n       ──touch──► fault ──► reinstall, retry while a range is being unmapped
/// </code>
/// </summary>
/// <remarks>Timed: each unmap from start to end; with an ageing scheme (<c>--ageing</c>) each pass over the accessed bits, one
/// before each unmap; each fault; each reload; each update. With <c>kernel</c> an unmap is one madvise or fallocate of the memory
/// behind the guest, and the kernel's notifier does the rest. The answer: no invalidation is in progress at the end, and the
/// sequence counts the ends (none with <c>kernel</c>: what the kernel counts it does not show). Parameters — memory: smoke 8 MiB,
/// measured 256 MiB. The reclaimer's rate is <c>--rate</c>, else a closed loop. Frames at once: 512; measured also 1, which is
/// what a balloon or a swap-out of single pages does. Outside a slot: what the mere presence of notifiers in the process costs an
/// update.</remarks>
[Workload(FaultStorm.Name, Story = "vCPU faults against host reclaim through the notifier, with occasional memslot updates",
    Timed = "unmap, update, fault, reload", Offers = WorkloadOffers.VcpuThreads)]
public sealed class FaultStorm<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly HostReclaimer _reclaimer;

    public FaultStorm(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        ulong frames = (ulong)parameters.Of(FaultStorm.Pages);
        _vm = NewVmWithSlots(taken: frames);
        _reclaimer = new HostReclaimer(_vm, parameters, frames,
            parameters.Of(FaultStorm.Outside) ? GfnRange.Of(OutsideBase, frames) : MainRange);
        Actors = [.. FaultingVcpus(_vm), _reclaimer, .. Updaters()];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    /// <summary>Frames above all that any slot has.</summary>
    private ulong OutsideBase => ChurnBase + (1UL << 18);

    /// <summary>A delete and its create are two steps of one update.</summary>
    private IEnumerable<WorkloadActor> Updaters() =>
        Parameters.Of(FaultStorm.Updates) is { } rate ? [new SlotDeleter<TMachine>(_vm, ChurnSlot, ChurnRange, 2 * rate)] : [];

    public override string? Finish()
    {
        long inProgress = _vm.Notifier.InProgress;
        ulong sequence = _vm.Notifier.Sequence;
        ulong ends = _vm.Notifier.Counts ? _reclaimer.Ends : 0;
        DestroyAndRetire(_vm);
        if (inProgress != 0) return $"{inProgress} invalidations are still in progress";
        return sequence == ends ? null : $"the notifier counted {sequence} ends, the reclaimer made {ends}";
    }

    /// <summary>The host: takes piece after piece away, through the notifier.</summary>
    private sealed class HostReclaimer(Vm<TMachine> vm, WorkloadParameters parameters, ulong frames, GfnRange memory)
        : WorkloadActor(vm.Machine, "reclaimer", ActorRole.Updater)
    {
        private readonly bool _outside = parameters.Of(FaultStorm.Outside);
        private ulong _next;
        private bool _asked;

        public override IReadOnlyList<string> Metrics { get; } = vm.Ageing.Ages ? ["unmap", "age"] : ["unmap"];

        public override double RatePerSecond => parameters.RatePerSecond;

        internal ulong Ends { get; private set; }

        public override void Prepare()
        {
            if (_outside) vm.Slots.Kernel?.PopulateOutside((long)memory.Frames);
        }

        public override int Step()
        {
            GfnRange range = GfnRange.Of(memory.Start.Value + _next, Math.Min(frames, memory.Frames - _next));
            // With an ageing scheme the host asks before it takes, in a step of its own; whatever the answer, a storm takes.
            _asked = vm.Ageing.Ages && !_asked;
            if (_asked)
            {
                vm.Ageing.ClearYoung(range);
                return 1;
            }
            _next += frames;
            if (_next >= memory.Frames) _next = 0;
            vm.TakeAway(range);
            Ends++;
            return 0;
        }
    }
}

/// <summary>What <see cref="FaultStorm{TMachine}"/> can be asked.</summary>
public static class FaultStorm
{
    public const string Name = "fault-storm";
    public static SettingGroup Declared { get; } = new(Name, Name);

    /// <summary>A delete and its create together; zero is a closed loop, null none.</summary>
    public static Setting<double?> Updates { get; } = Declared.Add(
        "updates", Form.Rate.OrNone("none").Or("max", 0) with { Takes = "none, max or a number" }, "20",
        "memslot updates per second beside the unmaps");
    public static Setting<bool> Outside { get; } = Declared.Add(
        "storm-where", Form.Words(("slot (the guest's memory)", false), ("outside (memory in no slot)", true)), "slot",
        "what is unmapped");

    /// <summary>One leaf table by default.</summary>
    public static Setting<int> Pages { get; } =
        Declared.Add("storm-pages", Form.Whole(1, 1 << 20), "512", "4 KiB pages unmapped at once");
}
