using System.Buffers.Binary;
using System.Text;

namespace Lab.Hardware;

/// <summary>Where a field lies.</summary>
/// <param name="Offset">Bytes from the beginning of the outer structure, of the word that holds it.</param>
/// <param name="Bit">First bit in that word; zero unless it is a bit field.</param>
/// <param name="Bits">Width of a bit field; zero for a whole word.</param>
internal readonly record struct FieldPlace(int Offset, int Bit, int Bits);

/// <summary>The types of a kernel and of one module of it, as it describes them itself (BTF,
/// Documentation/bpf/btf.rst): where fields of structures lie, and which arguments functions take.</summary>
internal sealed class BtfTypes
{
    private const ushort Magic = 0xeb9f;
    private const int Integer = 1, Array = 3, Structure = 4, Union = 5, Enumeration = 6, Function = 12, Prototype = 13,
        Variable = 14, Section = 15, DeclarationTag = 17, Enumeration64 = 19;
    private const int Typedef = 8, Volatile = 9, Constant = 10, Restrict = 11, TypeTag = 18;

    /// <summary>Of a word that holds a bit field.</summary>
    private const int WordBytes = 4;

    private readonly byte[] _strings;
    private readonly List<(byte[] Data, int At)> _types = [(System.Array.Empty<byte>(), 0)];

    private BtfTypes(byte[] whole, byte[] module)
    {
        byte[] first = Strings(whole);
        _strings = [.. first, .. Strings(module)];
        AddTypes(whole);
        AddTypes(module);
    }

    /// <param name="folder">Usually /sys/kernel/btf.</param>
    /// <param name="module">Name of a module; where it is built in, its types are the kernel's own.</param>
    /// <exception cref="IOException">The kernel does not describe itself (CONFIG_DEBUG_INFO_BTF).</exception>
    public static BtfTypes Read(string folder, string module)
    {
        string file = Path.Combine(folder, module);
        byte[] whole = File.ReadAllBytes(Path.Combine(folder, "vmlinux"));
        return new BtfTypes(whole, File.Exists(file) ? File.ReadAllBytes(file) : []);
    }

    /// <summary>The field at the end of a path of names below a structure, also where unions without a name lie between; null if
    /// there is none.</summary>
    public FieldPlace? Place(string structure, params string[] path)
    {
        int type = Find(structure, Structure);
        long bits = 0;
        int width = 0;
        foreach (string name in path)
        {
            if (type == 0 || Member(Stripped(type), name) is not { } member) return null;
            (bits, width, type) = (bits + member.Bits, member.Width, member.Type);
        }
        int offset = (int)(bits / 8);
        if (width == 0) return new FieldPlace(offset, 0, 0);
        int word = offset / WordBytes * WordBytes;
        return new FieldPlace(word, (int)(bits - 8L * word), width);
    }

    /// <summary>Names of a function's parameters; null if it is not described.</summary>
    public IReadOnlyList<string>? Parameters(string function)
    {
        int type = Find(function, Function);
        if (type == 0) return null;
        int prototype = Size(type); // of a function the type that it has
        (byte[] data, int at) = _types[prototype];
        return [.. Enumerable.Range(0, Count(prototype)).Select(index => Name(Word(data, at + 12 + 8 * index)))];
    }

    private int Find(string name, int kind) =>
        Enumerable.Range(1, _types.Count - 1).LastOrDefault(type => Kind(type) == kind && NameOf(type) == name);

    /// <summary>Without typedefs and qualifiers.</summary>
    private int Stripped(int type)
    {
        while (type != 0 && Kind(type) is Typedef or Volatile or Constant or Restrict or TypeTag) type = Size(type);
        return type;
    }

    private (long Bits, int Width, int Type)? Member(int type, string name)
    {
        if (Kind(type) is not (Structure or Union)) return null;
        (byte[] data, int at) = _types[type];
        bool hasWidths = Word(data, at + 4) >> 31 != 0;
        for (int index = 0; index < Count(type); index++)
        {
            int member = at + 12 + 12 * index;
            string called = Name(Word(data, member));
            int of = (int)Word(data, member + 4);
            uint place = Word(data, member + 8);
            long bits = hasWidths ? place & 0xff_ffff : place;
            if (called == name) return (bits, hasWidths ? (int)(place >> 24) : 0, of);
            if (called.Length == 0 && Member(Stripped(of), name) is { } inner) return inner with { Bits = inner.Bits + bits };
        }
        return null;
    }

    private int Kind(int type) => type == 0 ? 0 : (int)(Word(_types[type].Data, _types[type].At + 4) >> 24) & 0x1f;

    private int Count(int type) => (int)Word(_types[type].Data, _types[type].At + 4) & 0xffff;

    /// <summary>Of what refers to another type, that.</summary>
    private int Size(int type) => (int)Word(_types[type].Data, _types[type].At + 8);

    private string NameOf(int type) => Name(Word(_types[type].Data, _types[type].At));

    private string Name(uint at)
    {
        ReadOnlySpan<byte> rest = _strings.AsSpan((int)at);
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static byte[] Strings(byte[] data) =>
        data.Length == 0 ? [] : data.AsSpan(HeaderBytes(data) + (int)Word(data, 16), (int)Word(data, 20)).ToArray();

    private static int HeaderBytes(byte[] data) =>
        BinaryPrimitives.ReadUInt16LittleEndian(data) == Magic ? (int)Word(data, 4)
            : throw new IOException("the kernel's description of its types does not begin as BTF does");

    private void AddTypes(byte[] data)
    {
        if (data.Length == 0) return;
        int at = HeaderBytes(data) + (int)Word(data, 8), end = at + (int)Word(data, 12);
        while (at < end)
        {
            _types.Add((data, at));
            uint info = Word(data, at + 4);
            int count = (int)(info & 0xffff);
            at += 12 + ((info >> 24) & 0x1f) switch
            {
                Integer or Variable or DeclarationTag => 4,
                Array => 12,
                Structure or Union or Section or Enumeration64 => 12 * count,
                Enumeration or Prototype => 8 * count,
                _ => 0,
            };
        }
    }

    private static uint Word(byte[] data, int at) => BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at));
}
