using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Windows of this process's address space, and the memory file behind them.</summary>
internal sealed class WindowHost(HardwareSettings settings) : IHardwareHost
{
    public string Name => "host";

    public IReadOnlyList<string> Notes => [];

    public IHardwareMmu NewMmu<TMachine>(Vm<TMachine> vm, SlotUpdates updates)
        where TMachine : struct, IMachine => throw new HardwareUnavailableException($"--mmu host is not built yet ({settings.Contexts}).");

    public IReadOnlyList<(string Name, string Unit, long Value)> KernelCounters() => [];

    public void KickAll() { }

    public void Dispose() { }
}
