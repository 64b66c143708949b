using Microsoft.Win32.SafeHandles;

namespace Lab.Measure;

/// <summary>Keeps the machine's idle cores awake for as long as it exists: a request of zero microseconds in
/// <c>/dev/cpu_dma_latency</c>, which the kernel drops when the descriptor is closed, however the process ends.</summary>
internal sealed class IdleHold : IDisposable
{
    private const string Device = "/dev/cpu_dma_latency";

    private readonly SafeFileHandle _request;

    private IdleHold(SafeFileHandle request) => _request = request;

    /// <summary>Null where it cannot be had; then <paramref name="refusal"/> is a sentence with the remedy.</summary>
    public static IdleHold? TryTake(out string? refusal, string device = Device)
    {
        SafeFileHandle? request = null;
        try
        {
            // Shared, so that .NET takes no lock: several may hold it at a time.
            request = File.OpenHandle(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(request, BitConverter.GetBytes(0), fileOffset: 0);
            refusal = null;
            return new IdleHold(request);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            request?.Dispose();
            refusal = $"idle states were not disabled: {device} cannot be written ({refused.Message.TrimEnd('.')}); run as root "
                + "or make it writable.";
            return null;
        }
    }

    public void Dispose() => _request.Dispose();
}
