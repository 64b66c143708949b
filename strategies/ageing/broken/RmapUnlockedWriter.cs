using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and who zaps changes the chain under mmu_lock alone.</summary>
/// <remarks>
/// <b>Source.</b> The shadow MMU as it was before passes went without mmu_lock (reference 10.2, rule R1).
/// <para><b>Wrong because.</b> A pass may be on the chain: it steps into a descriptor that was freed, or puts back a head that
/// leads to it (I29, I30).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>; a zap less.</para>
/// </remarks>
[Strategy("rmap-unlocked-writer", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; zaps change chains under mmu_lock without the bit",
    Source = "the shadow MMU before passes without mmu_lock",
    Breaks = "I29, I30: a zap frees the descriptor that a pass stands on")]
public sealed class RmapUnlockedWriter<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Remove(Gfn gfn, ref ulong sptep)
    {
        ref ulong head = ref Chains.HeadOf(gfn);
        ulong value = Vm.Machine.LoadRelaxed(ref head) & ~RmapChains<TMachine>.Locked;
        _ = Chains.TryRemove(ref value, ref sptep, gfn);
        Vm.Machine.Store(ref head, value);
    }
}
