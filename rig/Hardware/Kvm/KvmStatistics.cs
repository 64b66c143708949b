using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Lab.Hardware;

/// <summary>KVM's binary statistics of a VM or a vCPU (KVM_GET_STATS_FD): names and places are read once, values whenever asked.
/// Histograms are left out. Empty where the kernel has none.</summary>
internal sealed unsafe class KvmStatistics
{
    private readonly Descriptor _of;
    private (KernelCounter Counter, long Offset)[]? _places;

    public KvmStatistics(Descriptor of) => _of = of;

    /// <summary>Opens, reads and closes: a descriptor is held no longer than that.</summary>
    public IReadOnlyList<KernelCounter> Read()
    {
        int number = Libc.Ioctl(_of.Number, KvmAbi.GetStatsFd, 0);
        if (number < 0) return [];
        using Descriptor statistics = new(number);
        _places ??= ReadPlaces(statistics);
        KernelCounter[] values = new KernelCounter[_places.Length];
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = _places[index].Counter with { Value = ReadOne<long>(statistics, _places[index].Offset) };
        }
        return values;
    }

    private static (KernelCounter, long)[] ReadPlaces(Descriptor statistics)
    {
        KvmStatsHeader header = ReadOne<KvmStatsHeader>(statistics, 0);
        long stride = Unsafe.SizeOf<KvmStatsDescriptor>() + header.NameBytes;
        List<(KernelCounter, long)> places = [];
        byte[] name = new byte[header.NameBytes];
        for (uint index = 0; index < header.Descriptors; index++)
        {
            long at = header.DescriptorOffset + index * stride;
            KvmStatsDescriptor descriptor = ReadOne<KvmStatsDescriptor>(statistics, at);
            if (descriptor.Values != 1) continue;
            // SAFETY: the array has the length that is passed.
            fixed (byte* text = name) ReadAll(statistics, text, name.Length, at + Unsafe.SizeOf<KvmStatsDescriptor>());
            int end = Array.IndexOf(name, (byte)0);
            string called = Encoding.ASCII.GetString(name, 0, end < 0 ? name.Length : end);
            KernelCounter counter = new(called, UnitOf(descriptor), 0, descriptor.IsGauge);
            places.Add((counter, header.DataOffset + descriptor.Offset));
        }
        return [.. places];
    }

    /// <summary>A power of ten or two beside the unit is not looked at: those that KVM has are of whole units, but for
    /// nanoseconds.</summary>
    internal static string UnitOf(in KvmStatsDescriptor descriptor) => descriptor.Unit switch
    {
        KvmStatsUnit.Bytes => "bytes",
        KvmStatsUnit.Seconds => "ns",
        _ => "count",
    };

    private static T ReadOne<T>(Descriptor statistics, long offset)
        where T : unmanaged
    {
        T value;
        ReadAll(statistics, (byte*)&value, sizeof(T), offset);
        return value;
    }

    private static void ReadAll(Descriptor statistics, byte* into, int bytes, long offset)
    {
        // SAFETY: callers pass the length of what they point to.
        if (Libc.ReadAt(statistics.Number, into, (nuint)bytes, offset) != bytes)
        {
            throw new SystemCallException($"pread(KVM statistics, {bytes} bytes at {offset})", Marshal.GetLastPInvokeError());
        }
    }
}
