namespace Lab.Hardware;

/// <summary>The MMUs that the processor walks, by name.</summary>
public static class HardwareHosts
{
    /// <summary>Opens what the MMU stands on; null if it is none of these.</summary>
    /// <exception cref="HardwareUnavailableException">It cannot be had here; the message says what to do.</exception>
    public static IHardwareHost? Open(string mmu, HardwareSettings settings) => mmu switch
    {
        "kvm" => new KvmHost(settings),
        "host" => new WindowHost(settings),
        _ => null,
    };
}
