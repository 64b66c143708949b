using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and a pass puts back the head as it was before it got the lock.</summary>
/// <remarks>
/// <b>Source.</b> A port that reads the head once, before it waits (reference 12, I29).
/// <para><b>Wrong because.</b> Who had the lock meanwhile changed the chain: its SPTE is lost, or the head leads to a descriptor
/// that was freed (I29, I30).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>.</para>
/// </remarks>
[Strategy("rmap-stale-head", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; a pass restores the head that it read before it waited for the lock",
    Source = "a port that reads the head once",
    Breaks = "I29: the unlocking pass puts an older chain back (a fault or a zap has the lock when the pass comes)")]
public sealed class RmapStaleHead<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override ulong LockReadOnly(ref ulong head)
    {
        ulong seen = Vm.Machine.LoadRelaxed(ref head) & ~RmapChains<TMachine>.Locked;
        return Lock(ref head) == 0 ? 0 : seen;
    }
}
