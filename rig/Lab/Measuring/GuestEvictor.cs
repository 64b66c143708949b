using Lab.Hardware;

namespace Lab.Application.Measuring;

/// <summary>Once a run is to end, gets vCPU threads out of the guest again and again until they have ended: one that was kicked
/// before it heard of the end may have gone back.</summary>
public sealed class GuestEvictor : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly Timer? _timer;
    private readonly CancellationTokenRegistration _registration;

    /// <param name="host">Whose vCPUs; null has none.</param>
    /// <param name="end">Cancelled when the run is to end.</param>
    public GuestEvictor(IHardwareHost? host, CancellationToken end)
    {
        if (host is null) return;
        _timer = new Timer(_ => host.KickAll(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _registration = end.Register(Start);
    }

    /// <summary>Begins now.</summary>
    public void Start() => _timer?.Change(TimeSpan.Zero, Period);

    /// <summary>Ends it; on return no kick is on its way.</summary>
    public void Dispose()
    {
        _registration.Dispose();
        if (_timer is null) return;
        using ManualResetEvent ended = new(initialState: false);
        if (_timer.Dispose(ended)) ended.WaitOne();
    }
}
