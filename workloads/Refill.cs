using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>Whether vCPUs have faulted in again what a zap took from them, so that in a closed loop the next finds as much to do,
/// whichever strategy it belongs to. For the thread that zaps.</summary>
/// <param name="vm">Of the vCPUs.</param>
/// <param name="vcpus">All of them.</param>
/// <param name="frames">Of the memory that they go through.</param>
/// <param name="wanted">Leafs that must be touched; zero: nothing is waited for.</param>
public sealed class Refill<TMachine>(Vm<TMachine> vm, FaultingVcpu<TMachine>[] vcpus, ulong frames, long wanted)
    where TMachine : struct, IMachine
{
    /// <summary>Looks at the vCPUs before the actor's thread looks at the clock again.</summary>
    private const int LooksPerPrepare = 200;

    private readonly long[] _accessesAtZap = new long[vcpus.Length];
    private long _leafsAtZap;

    /// <summary>Nearly all the leafs that the frames take, if the load has no rate of its own and the guest touches memory: a few
    /// faults of the round before may be among those counted.</summary>
    public static long All(Vm<TMachine> vm, WorkloadParameters parameters) =>
        parameters.EmptyGuest || parameters.RatePerSecond > 0 ? 0
            : (long)(parameters.Frames / Gfn.FramesPerSpte(vm.Settings.LeafLevel) * 15 / 16);

    /// <summary>Waits a moment. True if it is done.</summary>
    public bool Await()
    {
        bool isDone = IsDone;
        Backoff backoff = default;
        for (int look = 0; !isDone && look < LooksPerPrepare; look++)
        {
            vm.Machine.Relax(ref backoff);
            isDone = IsDone;
        }
        return isDone;
    }

    /// <summary>A zap begins: what the vCPUs fault in again while it still runs counts.</summary>
    public void Restart()
    {
        _leafsAtZap = Leafs;
        for (int index = 0; index < vcpus.Length; index++) _accessesAtZap[index] = vcpus[index].Accesses;
    }

    /// <summary>As many leafs as asked for were faulted in again, or a vCPU has been through all of memory since the zap: then
    /// nothing is missing, because the zap left the other slots mapped.</summary>
    private bool IsDone
    {
        get
        {
            if (Leafs - _leafsAtZap >= wanted) return true;
            long round = (long)frames;
            for (int index = 0; index < vcpus.Length; index++)
            {
                if (vcpus[index].Accesses - _accessesAtZap[index] > round + round / 32) return true;
            }
            return false;
        }
    }

    private long Leafs
    {
        get
        {
            long leafs = 0;
            foreach (FaultingVcpu<TMachine> vcpu in vcpus) leafs += vcpu.LeafsTouched;
            return leafs;
        }
    }
}
