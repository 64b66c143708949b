using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>A vCPU thread. Untimed: guest accesses that hit. Timed: a fault until its access went through, whatever came in
/// between; and each reload of the root, which includes the put of the old one, also when it came in the middle of a
/// fault.</summary>
public sealed class FaultingVcpu<TMachine> : WorkloadActor
    where TMachine : struct, IMachine
{
    private const int Fault = 0;

    private readonly Vm<TMachine> _vm;
    private readonly Vcpu<TMachine> _vcpu;
    private readonly bool _empty;
    private readonly long _accessesUntilWarm;
    private AccessPattern _pattern;
    private VcpuExit _exit;
    private ActorCounters? _counters;
    private readonly long[] _reload = new long[1];
    private bool _reloaded;
    private long _runs;
    private long _servedAt;
    private readonly RootRole _role;

    /// <param name="vm">Of the vCPU.</param>
    /// <param name="vcpu">Not run by anybody else.</param>
    /// <param name="pattern">Where the guest goes.</param>
    /// <param name="parameters">Of the workload.</param>
    /// <param name="role">Of the root that it runs on; null for the ordinary one.</param>
    public FaultingVcpu(Vm<TMachine> vm, Vcpu<TMachine> vcpu, AccessPattern pattern, WorkloadParameters parameters,
        RootRole? role = null)
        : base(vm.Machine, $"vcpu{vcpu.Index}", ActorRole.Vcpu)
    {
        _vm = vm;
        _vcpu = vcpu;
        _pattern = pattern;
        _role = role ?? vcpu.Role;
        _empty = parameters.EmptyGuest;
        SampleMetrics = vcpu.HasCore ? ["access"] : [];
        // Its own part of memory once: then the tables are there and the first faults are behind it.
        _accessesUntilWarm = (long)Math.Min(pattern.Main.Frames, 1 << 20) / vm.Vcpus.Count;
    }

    public override IReadOnlyList<string> Metrics { get; } = ["fault"];

    public override IReadOnlyList<string> PhaseNames { get; } = ["reload"];

    public override ReadOnlySpan<long> Phases => _reloaded ? _reload : default;

    public override IReadOnlyList<string> SampleMetrics { get; }

    /// <summary>Progress of the guest in mapping its memory again; other actors may read it, a little late. Faults resolved, one
    /// per leaf; where the processor walks, its faults are not the lab's, and accesses stand for them: memory is touched in
    /// order.</summary>
    public long LeafsTouched =>
        _counters is null ? 0 : Volatile.Read(ref _vcpu.HasCore ? ref _counters.Accesses : ref _counters.FaultsFixed);

    /// <summary>Accesses of the guest that went through; other actors may read it, a little late.</summary>
    public long Accesses => _counters is null ? 0 : Volatile.Read(ref _counters.Accesses);

    /// <summary>When it had last served a request, on the machine's clock; other actors may read it.</summary>
    public long ServedAt => Volatile.Read(ref _servedAt);

    public override bool IsWarm => _empty || _runs * _vcpu.AccessesPerStay >= _accessesUntilWarm;

    public override ReadOnlySpan<GuestTouch> ClaimTouches()
    {
        ReadOnlySpan<GuestTouch> touches = _vcpu.Touches;
        _vcpu.ClaimTouches();
        return touches;
    }

    public override void Prepare()
    {
        if (_counters is null)
        {
            _counters = _vm.Machine.Actor.Counters;
            while (_vcpu.Role != _role && _vcpu.SwitchRole(_role) == ExitOutcome.NoMemory) { }
        }
        _runs++;
        _vcpu.CheckCached();
        _exit = _vcpu.Run(ref _pattern, _empty ? 0 : _vcpu.AccessesPerStay);
    }

    public override int Step()
    {
        _reloaded = false;
        switch (_exit.Reason)
        {
            case VcpuExitReason.Done:
                return -1;
            case VcpuExitReason.Request:
                Serve();
                return -1;
            default:
                return Resolve() ? Fault : -1;
        }
    }

    /// <summary>Serves exits until the access that faulted went through. False if it was skipped: no memory is there
    /// now.</summary>
    private bool Resolve()
    {
        for (long tries = 0; ; tries++)
        {
            if (tries > _counters!.FaultRetriesMax) _counters.FaultRetriesMax = tries;
            ExitOutcome outcome = Serve();
            if (outcome is ExitOutcome.Mmio or ExitOutcome.NoMemory) return false;
            _exit = _vcpu.Run(ref _pattern, 1);
            if (_exit.IsDone) return true;
            if (_vm.Oracle.IsBugged) return false;
        }
    }

    private ExitOutcome Serve()
    {
        if (_exit.Reason == VcpuExitReason.Fault) return _vcpu.Serve(_exit);
        long begin = _vm.Machine.Timestamp();
        ExitOutcome outcome = _vcpu.Serve(_exit);
        // Two reloads within one fault are rare; the longer one is the stall.
        long took = _vm.Machine.Timestamp() - begin;
        Volatile.Write(ref _servedAt, begin + took);
        _reload[0] = _reloaded ? Math.Max(_reload[0], took) : took;
        _reloaded = true;
        return outcome;
    }
}
