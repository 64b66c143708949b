using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>lockless</c>, and nothing keeps the tables while the pass walks them.</summary>
/// <remarks>
/// <b>Source.</b> A pass that was moved out of mmu_lock and not into RCU (reference 12, I30).
/// <para><b>Wrong because.</b> A table that is unlinked while the pass is on it is freed under it (I30).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>lockless</c>; nobody's grace period waits for it.</para>
/// </remarks>
[Strategy("lockless-no-rcu", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as lockless, outside of RCU",
    Source = "a pass that left mmu_lock and did not enter RCU",
    Breaks = "I30: the pass reads a table that was freed (a fast zap beside it)")]
public sealed class LocklessNoRcu<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range) => ClearAccessedInSection(range);

    public override bool TestYoung(GfnRange range) => TestAccessed(range);
}
