using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Follows recorded picks as a wish: a pick that cannot be had is skipped, and after the last one nobody is preempted.
/// What a minimiser needs to try a schedule of which it does not know whether it exists.</summary>
internal sealed class Merging : Scheduler
{
    private byte[] _wishes = [];
    private int _count;
    private int _next;

    public override string Name => "merging";

    /// <summary>The picks to follow from the next execution on.</summary>
    public void Follow(ReadOnlySpan<byte> wishes)
    {
        if (_wishes.Length < wishes.Length) _wishes = new byte[wishes.Length * 2];
        wishes.CopyTo(_wishes);
        _count = wishes.Length;
    }

    public override void Begin(int threads) => _next = 0;

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        while (_next < _count)
        {
            int wish = _wishes[_next++];
            if ((enabled & (1u << wish)) != 0) return wish;
        }
        return RunToEnd.Choose(enabled, current, yielded);
    }
}
