using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// After each fast zap all vCPUs must load a new root, at the same time: one after the other under the exclusive hold of
/// mmu_lock, or beside each other under the shared one? (Shape H4: some loads took milliseconds on large hosts.)
/// <code>
///   Convoyer  ──delete──► fast zap ──reload request──► vcpu0 vcpu1 … vcpuN: put, load, back to the guest
///      ▲                              ╰──────────────────── convoy ──────────────────────╯  │
///      ╰──────────────── create, and the next delete, when the last is back ────────────────╯
/// </code>
/// </summary>
/// <remarks>Timed: each update, with its phases; each <c>reload</c>; <c>convoy</c>, from the request, which a fast zap makes in
/// its exclusive section, until the last vCPU has served it; faults. The zap itself goes on beside the reloads, and a convoy may
/// be over before the update is. No delete begins before the last vCPU is back, so each convoy is of one fast zap. The answer:
/// each vCPU has loaded a root for each convoy. Parameters — memory: smoke 8 MiB; measured 256 MiB, so that vCPUs that are back
/// fault while others still load. <c>--vcpus</c> beyond the cores lengthens the queue, and a vCPU that loses its core in the lock
/// holds all others up; a convoy is then mostly the scheduler's, and the difference is in <c>reload</c>. <c>--root-load
/// exclusive</c> against <c>shared</c> or <c>source</c>. With <c>slot-zap</c> nobody reloads, and there is no convoy.</remarks>
[Workload("reload-convoy", Story = "all vCPUs load a new root after each fast zap (shape H4)",
    Timed = "update and its phases, reload, convoy, fault", Needs = WorkloadNeeds.Roots, Offers = WorkloadOffers.VcpuThreads)]
public sealed class ReloadConvoy<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly FaultingVcpu<TMachine>[] _vcpus;
    private readonly Convoyer _convoyer;

    public ReloadConvoy(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _vcpus = FaultingVcpus(_vm);
        _convoyer = new Convoyer(_vm, ChurnSlot, ChurnRange, 2 * parameters.RatePerSecond, _vcpus);
        Actors = [.. _vcpus, _convoyer];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        FaultingVcpu<TMachine>? late = _vm.Strategy.KeepsRoots == false
            ? Array.Find(_vcpus, vcpu => vcpu.Counters is { } counters && counters.RootLoads < _convoyer.Convoys) : null;
        DestroyAndRetire(_vm);
        return late is null ? null
            : $"{late.Name} loaded {late.Counters!.RootLoads} roots in {_convoyer.Convoys} convoys that it was part of";
    }

    /// <summary>The VMM's thread: what it asks of the vCPUs, and when the last has done so.</summary>
    private sealed class Convoyer(
        Vm<TMachine> vm, int slot, GfnRange range, double ratePerSecond, FaultingVcpu<TMachine>[] vcpus)
        : SlotDeleter<TMachine>(vm, slot, range, ratePerSecond)
    {
        /// <summary>Looks at the vCPUs before the actor's thread looks at the clock again.</summary>
        private const int LooksPerPrepare = 200;

        private readonly Vm<TMachine> _vm = vm;
        private readonly long[] _phases = new long[UpdatePhases.Count + 1];
        private bool _hasPhases;
        private long _lastServedAt;

        public override IReadOnlyList<string> PhaseNames => [.. base.PhaseNames, "convoy"];

        public override ReadOnlySpan<long> Phases => _hasPhases ? _phases : default;

        /// <summary>Convoys that have passed.</summary>
        internal long Convoys { get; private set; }

        /// <summary>A convoy is known when the last is back, and recorded with the create that follows.</summary>
        public override int Step()
        {
            bool existed = Exists;
            int metric = base.Step();
            _hasPhases = Exists != existed;
            if (metric >= 0)
            {
                base.Phases.CopyTo(_phases);
                _phases[^1] = -1;
            }
            else if (_hasPhases)
            {
                _phases.AsSpan().Fill(-1);
                if (_vm.ReloadRequestedAt is not 0 and var requested)
                {
                    _phases[^1] = _lastServedAt - requested;
                    Convoys++;
                }
            }
            return metric;
        }

        protected override bool MayStep()
        {
            bool areBack = AreBack();
            Backoff backoff = default;
            for (int look = 0; !areBack && look < LooksPerPrepare; look++)
            {
                _vm.Machine.Relax(ref backoff);
                areBack = AreBack();
            }
            return areBack;
        }

        /// <summary>Each vCPU has served what was last asked of it: at first, to load a root at all.</summary>
        private bool AreBack()
        {
            long requested = _vm.ReloadRequestedAt;
            foreach (FaultingVcpu<TMachine> vcpu in vcpus)
            {
                if (vcpu.ServedAt <= requested) return false;
                _lastServedAt = Math.Max(_lastServedAt, vcpu.ServedAt);
            }
            return true;
        }
    }
}
