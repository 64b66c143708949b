using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and who has only read unlocks with a relaxed store.</summary>
/// <remarks>
/// <b>Source.</b> v7 and v8 of the series, 20240926013506.860253-9 and 20241105184333.2305744-9 (reference 10.4; memory models
/// A1).
/// <para><b>Wrong because.</b> Nothing keeps the walker's loads in front of the store that unlocks: a writer that locks next may
/// free the descriptor that is still to be read (I29). A store fence would not help, since it orders stores. A proof obligation:
/// on x86 no load passes a later store, so on metal here nothing comes of it. The explorer judges order by release and acquire
/// alone.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>.</para>
/// </remarks>
[Strategy("rmap-relaxed-reader", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock; who only reads the chain unlocks without release",
    Source = "v7 and v8, 2024-09 to 2024-11",
    Breaks = "I29 in the explorer: a chain read under one lock and written under the next is not ordered; nothing on x86 metal")]
public sealed class RmapRelaxedReader<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void UnlockReadOnly(ref ulong head, ulong value)
    {
        if (value != 0) Vm.Machine.StoreRelaxed(ref head, value);
    }
}
