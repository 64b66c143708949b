using Lab.Mmu;

namespace Lab.Strategies.Ageing;

/// <summary><b>Idea.</b> A pass walks the page tables under RCU alone and takes each accessed bit out in one step.</summary>
/// <remarks>
/// <b>Source.</b> Linux from 6.15 on, the TDP MMU's part: b146a9b34aed (reference 10.3).
/// <para><b>Runs beside.</b> Everything. A leaf that changes under the step is left alone: who changes it uses it.</para>
/// <para><b>On return</b> as with <c>mmu-lock</c>, but for leafs that were installed, zapped or moved meanwhile.</para>
/// <para><b>Pays.</b> The grace periods of tables that are freed: they wait for the pass.</para>
/// </remarks>
[Strategy("lockless", Code = "A2", Needs = StrategyNeeds.AccessedBits,
    Idea = "a pass walks the tables under RCU and takes out each accessed bit in one step",
    Source = "Linux 6.15 and later, TDP MMU")]
public sealed class Lockless<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool ClearYoung(GfnRange range) => ClearAccessed(range);

    public override bool TestYoung(GfnRange range) => TestAccessed(range);
}
