using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> As <c>refcount2</c>, but the walk that invalidates at the VM's end is a plain one, without an RCU
/// section.</summary>
/// <remarks>
/// <b>Source.</b> First version of "Preserve TDP MMU roots until they are explicitly invalidated", 2023-04-13.
/// <para><b>Wrong because.</b> At the VM's end the walk holds no lock, and the worker it feeds unlinks and frees the root that
/// the walk stands on (reference 7.3: KASAN use after free, syzbot 864ac0b626794668b732; invariant I3).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>refcount2</c>.</para>
/// </remarks>
[Strategy("refcount2-first", Code = "S7v1", Status = StrategyStatus.Broken,
    Idea = "refcount2 whose walk at destroy is not an RCU section",
    Source = "first version, 2023-04-13",
    Breaks = "I3: destroy walks over a root that the worker freed (vm-destroy; rare without the explorer)")]
public sealed class Refcount2First<TMachine>(Vm<TMachine> vm) : Refcount2<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>The fault: nothing keeps the root that the walk stands on from being freed.</summary>
    protected override void BeginWalk() { }

    protected override void EndWalk() { }
}
