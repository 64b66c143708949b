using Lab.Mmu;

namespace Lab.Strategies.Ageing.Broken;

/// <summary><b>Idea.</b> As <c>rmap-lock</c>, and every unlock is a plain store.</summary>
/// <remarks>
/// <b>Source.</b> The first version posted, 2024-08-09, 20240809194335.1726916-22 (reference 10.4; memory models A1, v1).
/// <para><b>Wrong because.</b> Nothing keeps what a writer did to a descriptor in front of the store that unlocks: who locks next
/// may see the chain as it was (I29). A proof obligation, not a bug of the field: x86 never lets a store pass another, so on
/// metal here nothing comes of it. The explorer judges order by release and acquire alone.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>rmap-lock</c>.</para>
/// </remarks>
[Strategy("rmap-plain-unlock", Status = StrategyStatus.Broken, Needs = StrategyNeeds.AccessedBits,
    Idea = "as rmap-lock, with plain stores to unlock",
    Source = "first version posted, 2024-08-09",
    Breaks = "I29 in the explorer: a chain written under one lock and read under the next is not ordered; nothing on x86 metal")]
public sealed class RmapPlainUnlock<TMachine>(Vm<TMachine> vm) : RmapLock<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Unlock(ref ulong head, ulong value) => Vm.Machine.StoreRelaxed(ref head, value);

    protected override void UnlockReadOnly(ref ulong head, ulong value)
    {
        if (value != 0) Vm.Machine.StoreRelaxed(ref head, value);
    }
}
