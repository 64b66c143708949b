using System.Buffers.Binary;
using System.Text;
using Lab.Hardware;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary>Fields and parameters are found in a kernel's own description of its types, across a kernel and its module.</summary>
public sealed class BtfTypesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_field_is_found_through_unions_without_a_name_typedefs_and_bit_fields()
    {
        // Kernel: an int, a structure with a counter, its typedef. Module: a role of bits that is a word as well, a union without
        // a name in which the typedef lies, the page with both, a function and its prototype.
        Written kernel = new(0);
        int number = kernel.Type("int", 1, 0, 4, 32);
        int counter = kernel.Type("refcount_struct", 4, 1, 4, kernel.Name("counter"), number, 0);
        int count = kernel.Type("refcount_t", 8, 0, counter);
        Written module = new(kernel.Strings, kernel.Types);
        int bits = module.Next + 1;
        int role = module.Type("role", 5, 2, 4, module.Name("word"), number, 0, module.Name(""), bits, 0);
        Assert.Equal(bits, module.Type("", 4, 3 | 1 << 31, 4, module.Name("level"), number, 4 << 24,
            module.Name("rest"), number, 7 << 24 | 4, module.Name("invalid"), number, 1 << 24 | 11));
        int either = module.Type("", 5, 2, 4, module.Name("root_count"), number, 0, module.Name("tdp_count"), count, 0);
        module.Type("kvm_mmu_page", 4, 3, 24, module.Name("link"), number, 0, module.Name("role"), role, 64,
            module.Name(""), either, 96);
        int prototype = module.Type("", 13, 2, 0, module.Name("kvm"), number, module.Name("root"), number);
        module.Type("put", 12, 0, prototype);
        File.WriteAllBytes(Path.Combine(_folder.Path, "vmlinux"), kernel.Bytes());
        File.WriteAllBytes(Path.Combine(_folder.Path, "kvm"), module.Bytes());

        BtfTypes types = BtfTypes.Read(_folder.Path, "kvm");
        Assert.Equal(new FieldPlace(12, 0, 0), types.Place("kvm_mmu_page", "tdp_count", "counter"));
        Assert.Equal(new FieldPlace(8, 11, 1), types.Place("kvm_mmu_page", "role", "invalid"));
        Assert.Null(types.Place("kvm_mmu_page", "nothing"));
        Assert.Null(types.Place("nothing", "role"));
        Assert.Equal(["kvm", "root"], types.Parameters("put"));
        Assert.Null(types.Parameters("get"));
    }

    [Fact]
    public void What_is_no_description_is_refused()
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "vmlinux"), new byte[64]);
        Assert.Throws<IOException>(() => BtfTypes.Read(_folder.Path, "kvm"));
    }

    /// <summary>A description being written; a module's strings and types count on from its kernel's.</summary>
    private sealed class Written(int stringsBefore, int typesBefore = 0)
    {
        private readonly List<byte> _types = [];
        private readonly List<byte> _text = [.. stringsBefore == 0 ? new byte[1] : []];

        public int Strings => _text.Count;

        public int Types { get; private set; } = typesBefore;

        public int Next => Types + 1;

        public int Name(string name)
        {
            if (name.Length == 0) return 0;
            int at = stringsBefore + _text.Count;
            _text.AddRange([.. Encoding.ASCII.GetBytes(name), 0]);
            return at;
        }

        /// <summary>A type: name, info of kind and count, size or type, and what follows.</summary>
        public int Type(string name, int kind, int count, int size, params int[] rest)
        {
            foreach (int word in (int[])[Name(name), kind << 24 | count, size, .. rest]) Word(_types, word);
            return ++Types;
        }

        public byte[] Bytes()
        {
            List<byte> all = [0x9f, 0xeb, 1, 0];
            foreach (int word in (int[])[24, 0, _types.Count, _types.Count, _text.Count]) Word(all, word);
            return [.. all, .. _types, .. _text];
        }

        private static void Word(List<byte> to, int value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            to.AddRange(bytes);
        }
    }
}
