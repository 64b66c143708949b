using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>What outlives the VMs of a run: devices, contexts or windows created ahead and recycled, memory. Made once per run;
/// VMs are made one after the other or several at a time.</summary>
public interface IHardwareHost : IDisposable
{
    /// <summary>Name as the user types it behind <c>--mmu</c>.</summary>
    string Name { get; }

    /// <summary>What could not be had and was left out, one sentence each; for the manifest.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Page tables for a VM, to be passed to its constructor.</summary>
    /// <param name="vm">The VM under construction; only its settings, lock, requests and oracle may be used yet.</param>
    /// <param name="updates">Who carries out its memslot updates.</param>
    /// <exception cref="HardwareUnavailableException">It cannot be had; the message says what to do.</exception>
    IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, SlotUpdates updates)
        where TMachine : struct, IMachine;

    /// <summary>What memslot updates of this kind would need that is not here; null if nothing.</summary>
    string? MissingFor(SlotUpdates updates) => null;

    /// <summary>What the kernel counted so far for all that was made here. Empty where it counts nothing. Any
    /// thread.</summary>
    IReadOnlyList<KernelCounter> KernelCounters();

    /// <summary>Gets every thread out of the guest; they come back and go on as if nothing had happened. Any thread.</summary>
    void KickAll();
}

/// <summary>A number that the kernel keeps.</summary>
/// <param name="Name">With its source in front, as <c>kvm.pf_taken</c>.</param>
/// <param name="Unit"><c>count</c>, <c>ns</c> or <c>bytes</c>.</param>
/// <param name="Value">Summed over everything that has it.</param>
/// <param name="IsGauge">How much there is, or was at most, and not how often something happened: differences mean
/// nothing.</param>
public readonly record struct KernelCounter(string Name, string Unit, long Value, bool IsGauge = false);
