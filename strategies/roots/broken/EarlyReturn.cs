using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>mainline</c>, but a fast zap that finds roots in use leaves them to whoever comes next: it marks
/// none and returns.</summary>
/// <remarks>
/// <b>Source.</b> Nobody's patch: the least that is wrong on every MMU. It is here so that a stale access can be seen where the
/// processor walks, by what the guest really reads.
/// <para><b>Wrong because.</b> vCPUs go on through translations of memory that was taken away (invariants I6, I21).</para>
/// <para><b>Runs beside, pays.</b> As <c>mainline</c>. <b>On return</b> nothing has changed.</para>
/// </remarks>
[Strategy("early-return", Code = "–", Status = StrategyStatus.Broken,
    Idea = "mainline whose fast zap invalidates nothing and returns", Source = "made for the lab",
    Breaks = "I6 and I21: translations of a deleted slot stay in use (any workload with memslot updates, any MMU)")]
public sealed class EarlyReturn<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The fault: every root stays valid.</summary>
    public override void InvalidateAllRoots(ExclusiveHold hold) { }

    /// <summary>And stays mapped.</summary>
    public override void ZapInvalidatedRoots() { }
}
