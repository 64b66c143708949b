using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// The host reclaims guest memory piece by piece while vCPUs touch it, and now and then a memslot is updated: faults, notifier unmaps
/// and fast zaps on the same tables.
/// <code>
///   HostReclaimer ──range start/end──► 2 MiB at a time, in every root
///   SlotDeleter   ──delete/create, 20/s──► fast zap
///   vcpu0…n       ──touch──► fault ──► reinstall, retry while a range is being unmapped
/// </code>
/// </summary>
/// <remarks>
/// Timed: each unmap from start to end; each fault; each reload; each update. The answer: no invalidation is in progress at the end, and the
/// sequence counts the ends.
/// Parameters — memory: smoke 8 MiB, measured 256 MiB. The reclaimer's rate is <c>--rate</c>, else a closed loop.
/// </remarks>
[Workload("fault-storm", Story = "vCPU faults against host reclaim through the notifier, with occasional memslot updates", Timed = "unmap, update, fault, reload")]
public sealed class FaultStorm<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    /// <summary>Frames per unmap: one leaf table.</summary>
    private const ulong ReclaimFrames = 512;

    private readonly Vm<TMachine> _vm;
    private readonly HostReclaimer _reclaimer;

    public FaultStorm(VmSource<TMachine> source, WorkloadParameters parameters)
        : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _reclaimer = new HostReclaimer(_vm, parameters, MainRange);
        Actors = [.. FaultingVcpus(_vm), _reclaimer, new SlotDeleter<TMachine>(_vm, ChurnSlot, ChurnRange, ratePerSecond: 40)];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        long inProgress = _vm.Notifier.InProgress;
        ulong sequence = _vm.Notifier.Sequence;
        ulong ends = _reclaimer.Ends;
        DestroyAndRetire(_vm);
        if (inProgress != 0) return $"{inProgress} invalidations are still in progress";
        return sequence == ends ? null : $"the notifier counted {sequence} ends, the reclaimer made {ends}";
    }

    /// <summary>The host: takes 2 MiB after 2 MiB away, through the notifier.</summary>
    private sealed class HostReclaimer(Vm<TMachine> vm, WorkloadParameters parameters, GfnRange memory) : WorkloadActor("reclaimer", ActorPart.Updater)
    {
        private ulong _next;

        public override IReadOnlyList<string> Metrics { get; } = ["unmap"];

        public override double RatePerSecond => parameters.RatePerSecond;

        internal ulong Ends { get; private set; }

        public override int Step()
        {
            GfnRange range = GfnRange.Of(memory.Start.Value + _next, Math.Min(ReclaimFrames, memory.Frames - _next));
            _next += ReclaimFrames;
            if (_next >= memory.Frames) _next = 0;
            vm.Notifier.RangeStart(range);
            vm.Notifier.RangeEnd(range);
            Ends++;
            return 0;
        }
    }
}
