using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary> The host unmaps all of a guest's memory in one go, as NUMA balancing does, while vCPUs fault on it: each fault that
/// waits for mmu_lock makes the zap yield, and each yield flushes all TLBs first. (Shape H6: 35 unmaps of a boot became 8,625
/// flushes.)
/// <code> unmapper   ──start of everything, end──► zap leaf by leaf, yield whenever a fault waits, flush before each yield
/// vcpu0…n    ──touch──► fault ──► wait for mmu_lock ──► the range is being unmapped: try again, and wait again
/// </code> </summary>
/// <remarks>Timed: each unmap from start to end; each fault; each reload. Not timed: the wait until the vCPUs have faulted most
/// of the memory in again. Counted: flushes per unmap, mean and maximum, over the whole load; tries of one fault, maximum. What
/// there is to turn: <c>--yield</c>, <c>--pre-check</c>, which keeps a fault that would be told to retry from waiting for the
/// lock at all. The answer: the notifier counts as many ends as there were. Parameters — memory: smoke 8 MiB, measured 64
/// MiB.</remarks>
[Workload(YieldAmplification.Name, Story = "the host unmaps all memory at once while vCPUs fault on it (shape H6)",
    Timed = "unmap, fault, reload", Needs = WorkloadNeeds.Roots, Offers = WorkloadOffers.VcpuThreads)]
public sealed class YieldAmplification<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly Unmapper _unmapper;

    public YieldAmplification(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots(taken: parameters.Frames);
        FaultingVcpu<TMachine>[] vcpus = FaultingVcpus(_vm);
        _unmapper = new Unmapper(_vm, MainRange, vcpus);
        Actors = [.. vcpus, _unmapper];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        ulong sequence = _vm.Notifier.Sequence;
        ulong ends = _vm.Notifier.Counts ? _unmapper.Ends : 0;
        DestroyAndRetire(_vm);
        return sequence == ends ? null : $"the notifier counted {sequence} ends, the unmapper made {ends}";
    }

    private sealed class Unmapper(Vm<TMachine> vm, GfnRange memory, FaultingVcpu<TMachine>[] vcpus)
        : WorkloadActor(vm.Machine, "unmapper", ActorRole.Updater)
    {
        /// <summary>Looks at the vCPUs before the actor's thread looks at the clock again.</summary>
        private const int LooksPerPrepare = 200;

        private readonly long _refill = (long)(memory.Frames / Gfn.FramesPerSpte(vm.Settings.LeafLevel) * 3 / 4);
        private long _leafsBefore;
        private long _flushes;
        private long _flushesMax;
        private bool _isReady;

        public override IReadOnlyList<string> Metrics { get; } = ["unmap"];

        public override IEnumerable<(string Name, string Unit, double Value)> OwnCounters =>
        [
            ("unmaps", "count", Ends),
            ("flushes_per_unmap", "count", _flushes / Math.Max(1.0, Ends)),
            ("flushes_per_unmap_max", "count", _flushesMax),
        ];

        internal ulong Ends { get; private set; }

        public override void Prepare()
        {
            _isReady = false;
            Backoff backoff = default;
            for (int look = 0; look < LooksPerPrepare; look++)
            {
                if (LeafsTouched() - _leafsBefore >= _refill)
                {
                    _isReady = true;
                    return;
                }
                vm.Machine.Relax(ref backoff);
            }
        }

        public override int Step()
        {
            if (!_isReady) return -1;
            long before = vm.Machine.Actor.Counters.RemoteFlushes;
            vm.TakeAway(memory);
            long flushes = vm.Machine.Actor.Counters.RemoteFlushes - before;
            Ends++;
            _flushes += flushes;
            _flushesMax = Math.Max(_flushesMax, flushes);
            _leafsBefore = LeafsTouched();
            return 0;
        }

        private long LeafsTouched() => vcpus.Sum(vcpu => vcpu.LeafsTouched);
    }
}

/// <summary>Its name.</summary>
public static class YieldAmplification
{
    public const string Name = "yield-amplification";
}
