namespace Lab.Mmu;

/// <summary>What a VM is built from: one part of each family. Each makes its part for a VM under construction.</summary>
/// <param name="Roots">How roots live and die.</param>
/// <param name="Notifier">How the VM hears that the host takes memory away.</param>
/// <param name="Ageing">How the host learns which pages are in use.</param>
/// <param name="Mmu">The page tables; null for <see cref="RadixMmu{TMachine, TShape}"/>. The VM owns and disposes of
/// them.</param>
/// <param name="Recovery">How single tables are taken out; null for <see cref="NxRecovery{TMachine}"/>.</param>
/// <param name="DirtyLog">The log of the lab's own slots; null for <see cref="DirtyBitmaps{TMachine}"/>.</param>
/// <param name="Huge">How large leafs are split and merged; null for <see cref="HugePages{TMachine}"/>.</param>
/// <param name="Lockless">What faults do without mmu_lock; null for <see cref="LocklessFaults{TMachine}"/>.</param>
public sealed record VmDesign<TMachine>(
    Func<Vm<TMachine>, RootStrategy<TMachine>> Roots,
    Func<Vm<TMachine>, MmuNotifier<TMachine>> Notifier,
    Func<Vm<TMachine>, Ageing<TMachine>> Ageing,
    Func<Vm<TMachine>, IMmu>? Mmu = null,
    Func<Vm<TMachine>, NxRecovery<TMachine>>? Recovery = null,
    Func<Vm<TMachine>, DirtyBitmaps<TMachine>>? DirtyLog = null,
    Func<Vm<TMachine>, HugePages<TMachine>>? Huge = null,
    Func<Vm<TMachine>, LocklessFaults<TMachine>>? Lockless = null)
    where TMachine : struct, IMachine;
